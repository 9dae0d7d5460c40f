// Runs MapLibre's worker under the path of the form. Offline, the service worker answers only requests under this path.

import "/static/maplibre/maplibre-gl-worker.mjs";

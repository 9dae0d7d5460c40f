// Runs the worker of MapLibre under the path of the form: the service worker answers only for workers of this path.

import "/static/maplibre/maplibre-gl-worker.mjs";

// Service worker of the field form: caches one complete release, and answers from the cache when the phone is offline.

// The server inserts the release. Each release therefore has a different script, which browsers install as an update.
const RELEASE = "";
const KEPT = `field-${RELEASE}`;
const PAGE = "/intake/field";
const CARD = "/field"; // the printed address
const SCRIPTS = `${PAGE}/files/${RELEASE}`;
const FILES = [
  PAGE,
  `${PAGE}?lang=ky`,
  `${PAGE}?lang=ru`,
  `${PAGE}?lang=en`,
  `${SCRIPTS}/field.js`,
  `${SCRIPTS}/accounts.js`,
  `${SCRIPTS}/birth-fields.js`,
  `${SCRIPTS}/births.js`,
  `${SCRIPTS}/centre-key.js`,
  `${SCRIPTS}/checks.js`,
  `${SCRIPTS}/clicks.js`,
  `${SCRIPTS}/combobox.js`,
  `${SCRIPTS}/controls.js`,
  `${SCRIPTS}/counted.js`,
  `${SCRIPTS}/countries.js`,
  `${SCRIPTS}/drafts.js`,
  `${SCRIPTS}/elements.js`,
  `${SCRIPTS}/event-question.js`,
  `${SCRIPTS}/events.js`,
  `${SCRIPTS}/expectations.js`,
  `${SCRIPTS}/fields.js`,
  `${SCRIPTS}/form.js`,
  `${SCRIPTS}/functioning.js`,
  `${SCRIPTS}/hazards.js`,
  `${SCRIPTS}/hpke.js`,
  `${SCRIPTS}/kept.js`,
  `${SCRIPTS}/labels.js`,
  `${SCRIPTS}/list.js`,
  `${SCRIPTS}/map-worker.js`,
  `${SCRIPTS}/members.js`,
  `${SCRIPTS}/sent-reports.js`,
  `${SCRIPTS}/moments.js`,
  `${SCRIPTS}/movements.js`,
  `${SCRIPTS}/movers.js`,
  `${SCRIPTS}/open-again.js`,
  `${SCRIPTS}/open-draft.js`,
  `${SCRIPTS}/outbox.js`,
  `${SCRIPTS}/page.js`,
  `${SCRIPTS}/pin.js`,
  `${SCRIPTS}/pin-panel.js`,
  `${SCRIPTS}/pin-waits.js`,
  `${SCRIPTS}/place-search.js`,
  `${SCRIPTS}/places.js`,
  `${SCRIPTS}/point-dialog.js`,
  `${SCRIPTS}/point-map.js`,
  `${SCRIPTS}/positions.js`,
  `${SCRIPTS}/presets.js`,
  `${SCRIPTS}/readiness.js`,
  `${SCRIPTS}/reasons.js`,
  `${SCRIPTS}/receipts.js`,
  `${SCRIPTS}/report-codes.js`,
  `${SCRIPTS}/reports.js`,
  `${SCRIPTS}/reversals.js`,
  `${SCRIPTS}/romanised.js`,
  `${SCRIPTS}/sealed-reports.js`,
  `${SCRIPTS}/sealing.js`,
  `${SCRIPTS}/settlements.js`,
  `${SCRIPTS}/settlements.json`,
  `${SCRIPTS}/short-codes.js`,
  `${SCRIPTS}/short-form.js`,
  `${SCRIPTS}/sites.js`,
  `${SCRIPTS}/steps.js`,
  `${SCRIPTS}/texts.js`,
  `${SCRIPTS}/time.js`,
  `${SCRIPTS}/toasts.js`,
  `${SCRIPTS}/unlikely-values.js`,
  `${SCRIPTS}/uuid.js`,
  `${SCRIPTS}/field.css`,
  `${SCRIPTS}/point-dialog.css`,
  "/static/pages.css",
  "/static/icon.svg",
];
// The map's files are large. The worker caches these files after the form's files, and the form is ready without them.
const MAP = "/static/map";
const MAP_LIBRARY = "/static/maplibre/maplibre-gl.mjs";
const MAP_FILES = [
  `${SCRIPTS}/map-places.json`,
  "/static/calls.js",
  "/static/elements.js",
  "/static/texts.js",
  `${MAP}/background.js`,
  `${MAP}/base.js`,
  `${MAP}/borders.js`,
  `${MAP}/map.css`,
  `${MAP}/page-files.js`,
  `${MAP}/style/base.js`,
  `${MAP}/style/labels.js`,
  `${MAP}/base/countries.geojson`,
  `${MAP}/base/glaciers.geojson`,
  `${MAP}/base/kg-oblasts.geojson`,
  `${MAP}/base/lakes.geojson`,
  `${MAP}/base/names.json`,
  `${MAP}/base/rivers.geojson`,
  `${MAP}/base/towns.geojson`,
  "/static/maplibre/maplibre-gl.css",
  MAP_LIBRARY,
  "/static/maplibre/maplibre-gl-worker.mjs",
  "/static/noto-sans/noto-sans-cyrillic-400-normal.woff2",
  "/static/noto-sans/noto-sans-cyrillic-ext-400-normal.woff2",
  "/static/noto-sans/noto-sans-latin-400-normal.woff2",
];
const OWN_SCRIPT = `${SCRIPTS}/field.js`;
const PATIENCE_MS = 3_000;
const MAP_PATIENCE_MS = 60_000; // the longest wait of a new release for the files of its map
// The longest wait for the phone's storage. After the storage has once failed to answer in time, the value is 0 until
// the next answer.
let storagePatience = PATIENCE_MS;

/**
 * @typedef {Event & {request: Request, respondWith(answer: Promise<Response>): void,
 *   waitUntil(done: Promise<unknown>): void}} WorkerEvent
 */

self.addEventListener("install", (event) => {
  /** @type {WorkerEvent} */ (event).waitUntil(keepAll().then(renewMap));
});

self.addEventListener("activate", (event) => {
  /** @type {WorkerEvent} */ (event).waitUntil(forgetOthers());
});

self.addEventListener("fetch", (event) => {
  const { request } = /** @type {WorkerEvent} */ (event);
  const { origin, pathname, search } = new URL(request.url);
  if (origin === self.origin && pathname === CARD)
    return /** @type {WorkerEvent} */ (event).respondWith(Promise.resolve(Response.redirect(PAGE, 302)));
  const isOfMap = MAP_FILES.includes(pathname + search);
  if (request.method !== "GET" || origin !== self.origin || !(isOfMap || FILES.includes(pathname + search))) return;
  const answer = isOfMap || pathname.startsWith(SCRIPTS) ? own(request) : fresh(request);
  /** @type {WorkerEvent} */ (event).respondWith(answer);
});

/** Cache the whole release, or nothing. A phone without space therefore keeps the old release. */
async function keepAll() {
  const kept = await caches.open(KEPT);
  await kept.addAll(requests(FILES));
}

/**
 * If the phone has the map of another release, cache the map of this release. The other release is deleted only
 * afterwards.
 */
async function renewMap() {
  const others = await otherReleases();
  const maps = await Promise.all(others.map(async (name) => (await caches.open(name)).match(MAP_LIBRARY)));
  if (maps.some(Boolean)) await Promise.race([keepMap(), new Promise((later) => setTimeout(later, MAP_PATIENCE_MS))]);
}

/** @param {string[]} files */
function requests(files) {
  // `omit` prevents the page of each language from setting the language cookie.
  return files.map((file) => new Request(file, { cache: "reload", credentials: "omit" }));
}

self.addEventListener("message", (event) => {
  const {
    data,
    ports: [port],
  } = /** @type {MessageEvent} */ (event);
  if (data === "map") return /** @type {WorkerEvent} */ (/** @type {Event} */ (event)).waitUntil(keepMap());
  /** @type {WorkerEvent} */ (/** @type {Event} */ (event)).waitUntil(
    uncached(data === "save").then((files) => port.postMessage({ missing: files.length, all: FILES.length })),
  );
});

/**
 * Cache the map's files, one at a time. Between two files, reports can be sent, even on a slow network. After an
 * interruption, the next call of this function loads the missing files.
 */
async function keepMap() {
  try {
    const kept = await caches.open(KEPT);
    for (const request of requests(await absent(kept, MAP_FILES))) await kept.add(request);
  } catch {
    // Without signal or storage, the next opening of the form tries again.
  }
}

/**
 * Return the form's files that are missing in the cache, because browsers may delete cached files.
 * @param {boolean} isSaving if true, the worker first loads the missing files
 */
async function uncached(isSaving) {
  try {
    const kept = await caches.open(KEPT);
    const gone = await absent(kept);
    if (!isSaving || !gone.length) return gone;
    // Request OWN_SCRIPT as well, whose address names this release. If the centre already has another release, the
    // request fails, and `addAll` stores nothing.
    await kept.addAll(requests([...gone, OWN_SCRIPT])).catch(() => {});
    return await absent(kept);
  } catch {
    return FILES; // the phone's storage is full or broken, and no cache can be opened
  }
}

/** @param {Cache} kept */
async function absent(kept, files = FILES) {
  const found = await Promise.all(files.map((file) => kept.match(file, { ignoreVary: true })));
  return files.filter((_, place) => !found[place]);
}

/** Delete the caches of other releases. The worker is activated only when no page of another release is open. */
async function forgetOthers() {
  await Promise.all((await otherReleases()).map((name) => caches.delete(name)));
}

async function otherReleases() {
  return (await caches.keys()).filter((name) => name.startsWith("field-") && name !== KEPT);
}

/** @param {Request} request */
async function own(request) {
  const kept = cached(request);
  return (await soon(kept)) ?? first(kept, fetch(request));
}

/**
 * Answer from the network. If the network fails or is slow, answer from the cache. Without a cached answer, wait for
 * the network.
 * @param {Request} request
 */
async function fresh(request) {
  const kept = cached(request),
    answer = await soon(kept);
  if (!answer) return first(kept, whole(request));
  return whole(request, PATIENCE_MS).catch(() => answer);
}

/**
 * Return the cached answer. Undefined if no answer is cached, or if the phone's storage is too slow.
 * @param {Promise<Response | undefined>} kept
 * @returns {Promise<Response | undefined>}
 */
function soon(kept) {
  return new Promise((answer) => {
    const timer = setTimeout(() => {
      storagePatience = 0;
      answer(undefined);
    }, storagePatience);
    void kept.then((known) => {
      clearTimeout(timer);
      storagePatience = PATIENCE_MS;
      answer(known);
    });
  });
}

/**
 * @param {Promise<Response | undefined>} kept
 * @param {Promise<Response>} answer
 */
function first(kept, answer) {
  return Promise.any([answer, kept.then((known) => known ?? answer)]);
}

/** @param {Request} request */
async function cached(request) {
  try {
    const kept = await caches.open(KEPT);
    // `Vary` can be ignored, because each language has its own URL
    return await kept.match(request, { ignoreVary: true });
  } catch {
    return undefined; // a full phone cannot open the cache, so the form uses the network
  }
}

/** @param {Request} request @param {number} [patience] in milliseconds */
async function whole(request, patience) {
  const stop = new AbortController();
  const timer = patience && setTimeout(() => stop.abort(), patience);
  try {
    const answer = await fetch(request, { signal: stop.signal });
    await answer.clone().arrayBuffer();
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

// Answers for the field form when there is no signal: what came last from the network is kept, and nothing else.

const KEPT = "field-1";
const PAGE = "/intake/field";
const FILES = [
  PAGE, `${PAGE}?lang=ky`, `${PAGE}?lang=ru`, `${PAGE}?lang=en`,
  `${PAGE}/files/field.js`, `${PAGE}/files/accounts.js`, `${PAGE}/files/form.js`, `${PAGE}/files/kept.js`, `${PAGE}/files/labels.js`,
  `${PAGE}/files/list.js`, `${PAGE}/files/outbox.js`, `${PAGE}/files/page.js`, `${PAGE}/files/reports.js`, `${PAGE}/files/field.css`,
  "/static/pages.css", "/static/icon.svg",
];
const PATIENCE_MS = 3_000;

/** @typedef {Event & {request: Request, respondWith(answer: Promise<Response>): void, waitUntil(done: Promise<unknown>): void}} WorkerEvent */

self.addEventListener("install", (event) => {
  /** @type {WorkerEvent} */ (event).waitUntil(keepAll());
});

self.addEventListener("fetch", (event) => {
  const { request } = /** @type {WorkerEvent} */ (event);
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.origin || !FILES.includes(pathname + search)) return;
  /** @type {WorkerEvent} */ (event).respondWith(fresh(request));
});

async function keepAll() {
  const kept = await caches.open(KEPT);
  // each language's own page first: it sets the reader's language, which the last must not leave changed
  await kept.addAll(FILES.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
}

/**
 * From the network if it answers in time, else what is kept.
 * @param {Request} request
 */
async function fresh(request) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) await kept.put(request, answer.clone());
    return answer;
  } catch (error) {
    const found = await kept.match(request, { ignoreVary: true }); // the address names the language
    if (found) return found;
    throw error;
  }
}

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
  // without cookies: each language's page would else set the reader's language
  await kept.addAll(FILES.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
}

/**
 * From the network if it answers in time, else what is kept; where nothing is, the network has all the time it needs.
 * @param {Request} request
 */
async function fresh(request) {
  const before = await found(request);
  try {
    const answer = await whole(request, before ? PATIENCE_MS : undefined);
    if (answer.ok) await keep(request, answer.clone());
    return answer;
  } catch (error) {
    if (before) return before;
    throw error;
  }
}

/** @param {Request} request */
async function found(request) {
  try {
    const kept = await caches.open(KEPT);
    return await kept.match(request, { ignoreVary: true }); // the address names the language
  } catch {
    return undefined; // a full phone may open no cache: then there is the network alone
  }
}

/** The answer once all of it is here. @param {Request} request @param {number} [patience] in milliseconds */
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

/** @param {Request} request @param {Response} answer */
async function keep(request, answer) {
  try {
    const kept = await caches.open(KEPT);
    await kept.put(request, answer);
  } catch {
    // a full phone keeps what it had, and shows what came
  }
}

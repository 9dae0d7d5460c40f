// Answers for the field form when there is no signal: one whole release of it is kept, and nothing else.

const RELEASE = ""; // the server writes it in, so that another release is another worker
const KEPT = `field-${RELEASE}`;
const PAGE = "/intake/field";
const CARD = "/field"; // the address on the card leads to the page, also without a signal
const SCRIPTS = `${PAGE}/files/${RELEASE}`;
const FILES = [
  PAGE, `${PAGE}?lang=ky`, `${PAGE}?lang=ru`, `${PAGE}?lang=en`,
  `${SCRIPTS}/field.js`, `${SCRIPTS}/accounts.js`, `${SCRIPTS}/checks.js`, `${SCRIPTS}/drafts.js`, `${SCRIPTS}/form.js`, `${SCRIPTS}/kept.js`, `${SCRIPTS}/labels.js`,
  `${SCRIPTS}/list.js`, `${SCRIPTS}/outbox.js`, `${SCRIPTS}/page.js`, `${SCRIPTS}/reports.js`, `${SCRIPTS}/field.css`,
  "/static/pages.css", "/static/icon.svg",
];
const PATIENCE_MS = 3_000;

/** @typedef {Event & {request: Request, respondWith(answer: Promise<Response>): void, waitUntil(done: Promise<unknown>): void}} WorkerEvent */

self.addEventListener("install", (event) => {
  /** @type {WorkerEvent} */ (event).waitUntil(keepAll());
});

self.addEventListener("activate", (event) => {
  /** @type {WorkerEvent} */ (event).waitUntil(forgetOthers());
});

self.addEventListener("fetch", (event) => {
  const { request } = /** @type {WorkerEvent} */ (event);
  const { origin, pathname, search } = new URL(request.url);
  if (origin === self.origin && pathname === CARD) return /** @type {WorkerEvent} */ (event).respondWith(Promise.resolve(Response.redirect(PAGE, 302)));
  if (request.method !== "GET" || origin !== self.origin || !FILES.includes(pathname + search)) return;
  const answer = pathname.startsWith(SCRIPTS) ? own(request) : fresh(request);
  /** @type {WorkerEvent} */ (event).respondWith(answer);
});

/** All of it or nothing: a phone without room for it goes on with what it has. */
async function keepAll() {
  const kept = await caches.open(KEPT);
  // without cookies: each language's page would else set the reader's language
  await kept.addAll(FILES.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
}

/** Once no page of another release is open. */
async function forgetOthers() {
  const others = (await caches.keys()).filter((name) => name.startsWith("field-") && name !== KEPT);
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** What this release alone has. @param {Request} request */
async function own(request) {
  return (await found(request)) ?? fetch(request);
}

/**
 * From the network if it answers in time, else what is kept; where nothing is, the network has all the time it needs.
 * @param {Request} request
 */
async function fresh(request) {
  const kept = await found(request);
  try {
    return await whole(request, kept ? PATIENCE_MS : undefined);
  } catch (error) {
    if (kept) return kept;
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

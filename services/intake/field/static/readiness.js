// Shows whether the form works without a signal. The phone needs every file of the form, the centre's key, a sign-in
// and a PIN.

import { hasKey, renewKey } from "./centre-key.js";
import { element, showText } from "./elements.js";
import { account, CHANGED, isOver } from "./kept.js";
import { hasPin } from "./pin.js";
import { sentence } from "./texts.js";

/** @typedef {{missing: number, all: number}} Saved `all` files of the form, `missing` files not on the phone */
/** @typedef {Event & {prompt(): Promise<unknown>}} InstallEvent */

const SCOPES = ["/intake/field", "/field"]; // the second scope is the printed address
const PATIENCE_MS = 60_000; // loading all files may take long where the signal is weak

let newest = 0;
let isSaved = false;

/** Let the service worker store the form. */
export function listenToReadiness() {
  element("save-form").addEventListener("click", () => void saveAgain());
  addEventListener("beforeinstallprompt", offerInstall);
  addEventListener("appinstalled", () => {
    element("install").hidden = true;
  });
  addEventListener(CHANGED, renewReadiness);
  void register().then(() => showReadiness());
}

/**
 * The worker reads the cache each time, because a browser may delete the cache at any time.
 * @param {"check" | "save"} [what] whether the worker also loads missing files
 */
export async function showReadiness(what = "check") {
  const own = ++newest,
    [name, values] = await found(what);
  if (own === newest) say(name, values); // an earlier check may end after a newer check
}

/** Show whether the author can work, without reading the cache. */
export function renewReadiness() {
  if (isSaved) say("ready");
}

/**
 * @param {"check" | "save"} what
 * @returns {Promise<[name: string, values?: Record<string, number>]>} the name of the sentence to show
 */
async function found(what) {
  if (!("serviceWorker" in navigator)) return ["unsavable"];
  try {
    const known = await navigator.serviceWorker.getRegistration(SCOPES[0]);
    if (!known?.active) return [known?.installing ? awaited(known.installing) : "unsaved"];
    const { missing, all } = await ask(known.active, what);
    if (missing) return ["partsMissing", { missing, all }];
    if (!hasKey()) await renewKey();
    return [hasKey() ? "ready" : "centreKeyMissing"];
  } catch {
    return ["unsavable"]; // the browser's settings forbid a service worker
  }
}

/** The author must sign in and choose a PIN before the centre accepts a report from this phone. */
function lacking() {
  const known = account();
  if (!known || isOver(known)) return "signInFirst";
  return hasPin() ? "" : "pinFirst";
}

async function saveAgain() {
  newest += 1; // an earlier check that still runs must show no result
  say("saving");
  await renewKey();
  await register();
  await showReadiness("save");
}

/** Without storage or signal, the browser registers no worker, and the page shows that the form is not ready. */
async function register() {
  if (!("serviceWorker" in navigator)) return;
  await Promise.allSettled(
    SCOPES.map((scope) => navigator.serviceWorker.register("/intake/field/worker.js", { scope })),
  );
}

/** The worker caches all files, or no file. @param {ServiceWorker} worker */
function awaited(worker) {
  worker.addEventListener("statechange", () => {
    if (worker.state !== "installed") void showReadiness();
  });
  return "saving";
}

/** Let the worker cache the map, after the worker has cached the form. */
export async function saveMap() {
  const known = await navigator.serviceWorker?.ready;
  known?.active?.postMessage("map");
}

/** @param {string} state @param {Record<string, number>} [values] */
function say(state, values) {
  isSaved = state === "ready";
  const name = (isSaved && lacking()) || state,
    isReady = name === "ready",
    text = sentence(name, values);
  element("readiness").classList.toggle("is-ready", isReady);
  element("readiness").hidden = false;
  // a screen reader would read an unchanged text again
  if (element("readiness-text").textContent !== text) showText("readiness-text", text);
  element("save-form").hidden = ["ready", "saving", "unsavable"].includes(state);
}

/**
 * @param {ServiceWorker} worker
 * @param {"check" | "save"} what
 * @returns {Promise<Saved>} nothing is saved if the worker does not answer
 */
function ask(worker, what) {
  return new Promise((answer) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => answer({ missing: 1, all: 1 }), PATIENCE_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      port1.close();
      answer(data);
    };
    worker.postMessage(what, [port2]);
  });
}

/**
 * The browser may ask the person about the installation only after the person presses a button.
 * @param {Event} event
 */
function offerInstall(event) {
  event.preventDefault();
  element("install").hidden = false;
  element("install").onclick = () => {
    element("install").hidden = true;
    void (/** @type {InstallEvent} */ (event).prompt());
  };
}

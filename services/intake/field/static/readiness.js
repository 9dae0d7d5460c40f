// Shows whether the form is ready for use without a signal. To work without a signal, the phone needs every file of the
// form, the centre's key, a sign-in and a PIN.

import { hasKey, renewKey } from "./centre-key.js";
import { element, showText } from "./elements.js";
import { account, CHANGED, isOver } from "./kept.js";
import { hasPin } from "./pin.js";
import { sentence } from "./texts.js";

/** @typedef {{missing: number, all: number}} Saved `all` files of the form, `missing` files not on the phone */
/** @typedef {Event & {prompt(): Promise<unknown>}} InstallEvent */

const SCOPES = ["/intake/field", "/field"]; // the second scope is the address printed on paper
const PATIENCE_MS = 60_000; // with a weak signal, loading all files can take long

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
 * Show whether all files are on the phone. The worker looks into the cache each time, because the browser may have
 * deleted files.
 * @param {"check" | "save"} [what] with `save`, the worker first loads missing files
 */
export async function showReadiness(what = "check") {
  const own = ++newest,
    [name, values] = await found(what);
  if (own === newest) say(name, values); // an older check that ends later must not replace the newer result
}

/** After a change of sign-in or PIN, show the readiness again, without a new look into the cache. */
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
    return ["unsavable"]; // the browser's settings forbid service workers
  }
}

/** Return the name of the sentence about the missing sign-in or PIN, or an empty text. */
function lacking() {
  const known = account();
  if (!known || isOver(known)) return "signInFirst";
  return hasPin() ? "" : "pinFirst";
}

async function saveAgain() {
  newest += 1; // a check that is still running must show no result
  say("saving");
  await renewKey();
  await register();
  await showReadiness("save");
}

/**
 * Register the service worker. Failures are ignored here, because the check afterwards shows that the form is not
 * ready.
 */
async function register() {
  if (!("serviceWorker" in navigator)) return;
  await Promise.allSettled(
    SCOPES.map((scope) => navigator.serviceWorker.register("/intake/field/worker.js", { scope })),
  );
}

/**
 * Check again when the installation of the worker has ended. The worker caches either all files or none.
 * @param {ServiceWorker} worker
 */
function awaited(worker) {
  worker.addEventListener("statechange", () => {
    if (worker.state !== "installed") void showReadiness();
  });
  return "saving";
}

/** Let the worker cache the map's files. The form's files come first, because `ready` waits for them. */
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
  // skip an unchanged text, which a screen reader would read again
  if (element("readiness-text").textContent !== text) showText("readiness-text", text);
  element("save-form").hidden = ["ready", "saving", "unsavable"].includes(state);
}

/**
 * @param {ServiceWorker} worker
 * @param {"check" | "save"} what
 * @returns {Promise<Saved>} without an answer of the worker, the form counts as not stored
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
 * Show the button for installing the form as an app. Browsers open the installation only after a press of a button.
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

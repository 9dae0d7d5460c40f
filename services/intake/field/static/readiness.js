// Says whether the form works without a signal: whether this phone has every file of the form, and the centre's key.

import { hasKey, renewKey } from "./centre-key.js";
import { element, showText } from "./elements.js";
import { sentence } from "./texts.js";

/** @typedef {{missing: number, all: number}} Saved the number of the form's files that the phone has not, and of all */
/** @typedef {Event & {prompt(): Promise<unknown>}} InstallEvent */

const SCOPES = ["/intake/field", "/field"]; // the second scope is the printed address
const PATIENCE_MS = 60_000; // loading all files may take long where the signal is weak

/** Let service workers keep the form, and say whether they have kept all of it. */
export function listenToReadiness() {
  element("save-form").addEventListener("click", () => void saveAgain());
  addEventListener("beforeinstallprompt", offerInstall);
  addEventListener("appinstalled", () => { element("install").hidden = true; });
  void register().then(showReadiness);
}

/** Show what the worker finds in its cache now, because a browser may delete the cache of a page at any time. */
export async function showReadiness() {
  if (!("serviceWorker" in navigator)) return say("unsavable");
  const known = await navigator.serviceWorker.getRegistration(SCOPES[0]);
  if (!known?.active) return known?.installing ? awaited(known.installing) : say("unsaved");
  const { missing, all } = await ask(known.active, "check");
  if (missing) return say("partsMissing", { missing, all });
  if (!hasKey()) await renewKey();
  say(hasKey() ? "ready" : "centreKeyMissing");
}

async function saveAgain() {
  say("saving");
  await renewKey();
  await register();
  const active = (await navigator.serviceWorker?.getRegistration(SCOPES[0]))?.active;
  if (active) await ask(active, "save");
  await showReadiness();
}

/** Without storage or signal, the browser registers no worker. The readiness says so. */
async function register() {
  if (!("serviceWorker" in navigator)) return;
  await Promise.allSettled(SCOPES.map((scope) => navigator.serviceWorker.register("/intake/field/worker.js", { scope })));
}

/** The worker is loading the files: it will have all of them, or none. @param {ServiceWorker} worker */
function awaited(worker) {
  say("saving");
  worker.addEventListener("statechange", () => { if (worker.state !== "installed") void showReadiness(); });
}

/** @param {string} name @param {Record<string, number>} [values] */
function say(name, values) {
  const isReady = name === "ready", text = sentence(name, values);
  element("readiness").classList.toggle("is-ready", isReady);
  element("readiness").hidden = false;
  if (element("readiness-text").textContent !== text) showText("readiness-text", text); // a screen reader reads it once
  element("save-form").hidden = ["ready", "saving", "unsavable"].includes(name);
}

/** @param {ServiceWorker} worker @param {"check" | "save"} what @returns {Promise<Saved>} nothing is saved if the worker does not answer */
function ask(worker, what) {
  return new Promise((answer) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => answer({ missing: 1, all: 1 }), PATIENCE_MS);
    port1.onmessage = ({ data }) => { clearTimeout(timer); port1.close(); answer(data); };
    worker.postMessage(what, [port2]);
  });
}

/** The browser offers to install the form as an app. It may be asked for this only at a press. @param {Event} event */
function offerInstall(event) {
  event.preventDefault();
  element("install").hidden = false;
  element("install").onclick = () => {
    element("install").hidden = true;
    void /** @type {InstallEvent} */ (event).prompt();
  };
}

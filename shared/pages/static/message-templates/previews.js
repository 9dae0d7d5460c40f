// Shows example messages while a person types the templates.

import { call } from "../calls.js";
import { make } from "../elements.js";

const PAUSE_MS = 400;

const form = /** @type {HTMLFormElement} */ (document.getElementById("message-templates"));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;
let newest = 0;

form.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => void show(), PAUSE_MS);
});

/** Renders the examples. Without an answer, the old examples stay, because saving checks the texts again. */
async function show() {
  const number = ++newest;
  const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const text = await call("POST", "/alerts/templates/preview", fields)
    .then((answer) => (answer.ok ? answer.text() : undefined))
    .catch(() => undefined);
  if (text === undefined || number !== newest) return; // the answer to an older text can be slower
  const fresh = make("template");
  fresh.innerHTML = text;
  for (const preview of fresh.content.querySelectorAll("[data-preview]")) replace(/** @type {HTMLElement} */ (preview));
}

/** @param {HTMLElement} preview */
function replace(preview) {
  const name = preview.dataset.preview ?? "";
  const old = form.querySelector(`[data-preview="${name}"]`);
  if (old?.innerHTML === preview.innerHTML) return;
  old?.replaceWith(preview);
  document
    .getElementById(name)
    ?.setAttribute("aria-invalid", String(preview.querySelector(".failure:not([hidden])") !== null));
}

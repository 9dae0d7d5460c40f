// Parts of a page that the server renders again each minute; the attribute `data-fragment` holds a part's path.
// The server sends the page with all parts rendered, except the parts with the attribute `data-unrendered`. The event
// `outdated` on a part makes this script request the part at once.

import { call } from "./calls.js";
import { make } from "./elements.js";
import { rested } from "./pressing.js";

const AGAIN_MS = 60_000;

export function keepCurrent() {
  const parts = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-fragment]")]);
  for (const part of parts) {
    if ("unrendered" in part.dataset) void refresh(part);
    part.addEventListener("outdated", () => refresh(part));
  }
  setInterval(() => parts.forEach(refresh), AGAIN_MS);
}

/** @type {WeakMap<HTMLElement, {isOutdated: boolean}>} the parts that are being rendered now */
const rendered = new WeakMap();

/**
 * Asks the server to render the part. If a request for the part is still open, the part is requested once more after
 * the answer. A slow service therefore never has two requests at a time.
 * @param {HTMLElement} part
 */
export async function refresh(part) {
  const current = rendered.get(part);
  if (current) {
    current.isOutdated = true;
    return;
  }
  const own = { isOutdated: false };
  rendered.set(part, own);
  await replace(part);
  rendered.delete(part);
  if (own.isOutdated) await refresh(part);
}

/**
 * If the server does not answer, the part stays, because a warning must not disappear when its service fails.
 * @param {HTMLElement} part
 */
async function replace(part) {
  const text = await call("GET", part.dataset.fragment ?? "")
    .then((answer) => (answer.ok ? answer.text() : undefined))
    .catch(() => undefined);
  if (text === undefined) return;
  const fresh = make("template");
  fresh.innerHTML = text;
  await rested();
  // an unchanged warning is not read aloud again
  if (fresh.innerHTML !== part.innerHTML) part.replaceChildren(fresh.content);
}

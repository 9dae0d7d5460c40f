// Parts of a page that are rendered again each minute; `data-fragment` holds a part's path. The page comes with its
// parts, except those with `data-unrendered`. The event `outdated` on a part requests the part at once.

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

/** @type {WeakMap<HTMLElement, {isOutdated: boolean}>} */
const rendered = new WeakMap();

/**
 * While a request for the part is open, further calls lead to one more request after the answer. A slow service
 * therefore never has two requests at a time.
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
 * Without an answer the part stays, because a warning must not disappear when its service fails.
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
  // a screen reader must not read an unchanged warning again
  if (fresh.innerHTML !== part.innerHTML) part.replaceChildren(fresh.content);
}

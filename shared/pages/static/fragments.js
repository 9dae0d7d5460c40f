// Renders parts of a page again every minute. `data-fragment` is the path of a part. The page already contains its
// parts, except parts with `data-unrendered`. The event `outdated` renders a part at once.

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
 * Renders the part again. Calls during a request lead to one more request afterwards, so that a slow service never has
 * two requests for a part at a time.
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
 * Replaces the part. Without an answer, the part stays, because a warning must not disappear when its service fails.
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
  // otherwise a screen reader would read an unchanged warning again
  if (fresh.innerHTML !== part.innerHTML) part.replaceChildren(fresh.content);
}

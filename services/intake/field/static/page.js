// Gives the other scripts the page's templates and small elements.

import { element, make } from "./elements.js";

/** @param {HTMLElement} place @param {string} text */
export function tell(place, text) {
  place.textContent = text;
  place.hidden = !text;
}

/** @param {string} id */
export function copy(id) {
  const template = /** @type {HTMLTemplateElement} */ (element(id));
  return /** @type {Node} */ (template.content.firstElementChild).cloneNode(true);
}

/** @param {HTMLElement} item @param {string} selector */
export function part(item, selector) {
  return /** @type {HTMLElement} */ (item.querySelector(selector));
}

/** @param {string} text */
export function line(text) {
  return make("li", { textContent: text });
}

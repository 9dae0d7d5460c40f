// Gives the other scripts the form and its controls by name.

import { element } from "./elements.js";

export const form = /** @type {HTMLFormElement} */ (element("report"));

/** @param {string} name @returns {HTMLInputElement} */
export function control(name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}

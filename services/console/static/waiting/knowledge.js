// How the person knows the answer to a question. It is stored with the answer, so the page presets none.

import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";

/** The chosen code; undefined if none is chosen, which the page then says. @param {string} id of the field */
export function knowledge(id) {
  const select = /** @type {HTMLSelectElement} */ (element(id));
  if (select.value) return select.value;
  toast(sentence("unfounded"), "bad");
  select.ariaInvalid = "true";
  select.addEventListener("input", () => { select.ariaInvalid = null; }, { once: true });
  select.focus();
  return undefined;
}

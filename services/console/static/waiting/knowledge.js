// How the person knows the answer to a question. It is stored with the answer, so the page presets none.

import { element } from "/static/elements.js";
import { sayAt } from "/static/field-notes.js";
import { sentence } from "/static/texts.js";

/** The chosen code; undefined if none is chosen, which is then said at the field. @param {string} id of the field */
export function knowledge(id) {
  const select = /** @type {HTMLSelectElement} */ (element(id));
  if (select.value) return select.value;
  sayAt(select, sentence("unfounded"));
  return undefined;
}

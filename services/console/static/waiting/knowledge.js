// The choice of how a person knows an answer. Nothing is preselected, because the choice is stored with the answer.

import { element } from "/static/elements.js";
import { sayAt } from "/static/field-notes.js";
import { sentence } from "/static/texts.js";

/**
 * Returns the choice. Without a choice, shows a note at the field and returns undefined.
 * @param {string} id
 */
export function knowledge(id) {
  const select = /** @type {HTMLSelectElement} */ (element(id));
  if (select.value) return select.value;
  sayAt(select, sentence("unfounded"));
  return undefined;
}

// The choice of how the person knows the answer to a question. The page preselects nothing, because the choice is
// stored with the answer.

import { element } from "/static/elements.js";
import { sayAt } from "/static/field-notes.js";
import { sentence } from "/static/texts.js";

/**
 * The chosen code. If nothing is chosen, says so at the field and returns undefined.
 * @param {string} id of the field
 */
export function knowledge(id) {
  const select = /** @type {HTMLSelectElement} */ (element(id));
  if (select.value) return select.value;
  sayAt(select, sentence("unfounded"));
  return undefined;
}

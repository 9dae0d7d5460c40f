// Marks the invalid fields of a form, focuses the first, and tells the reason.

import { problem } from "/static/calls.js";
import { element, showText } from "/static/elements.js";
import { mark, removeNotes } from "/static/field-notes.js";
import { sentence } from "/static/texts.js";
import { labels, showWrong } from "/static/wrong-fields.js";

export { labels };

const form = /** @type {HTMLFormElement} */ (element("failure").closest("form"));

/** @param {string} text @param {HTMLElement[]} [fields] */
export function fail(text, fields = []) {
  removeNotes(form);
  say(text);
  mark(fields);
  if (text) (fields[0] ?? element("failure")).focus();
}

/** @param {string} text */
function say(text) {
  showText("failure", text);
}

/**
 * True if there is no error. Otherwise shows the first error that concerns a field.
 * @param {[string, HTMLElement[]][]} errors
 */
export function isWithout(errors) {
  const first = errors.find(([, fields]) => fields.length);
  if (first) fail(sentence(first[0], { fields: labels(first[1]), field: labels(first[1]) }), first[1]);
  return !first;
}

/** @param {Response} answer */
export async function refuse(answer) {
  if (answer.status === 401) return fail(sentence("signed_out"));
  const { text, body } = await problem(answer);
  fail(sentence("refused", { problem: text }));
  const wrong = showWrong(form, body.errors ?? []);
  if (wrong) say(wrong);
}

// Shows at each wrong field what the service expected, in the reader's language.

import { expectation } from "./expectations.js";
import { mark, note, removeNotes } from "./field-notes.js";
import { sentence } from "./texts.js";

/** @typedef {import("./expectations.js").Wrong} Wrong */

/**
 * Shows the errors, and focuses the first wrong field.
 * @param {HTMLFormElement} form @param {Wrong[]} wrong
 * @returns {string} the names of the wrong fields, and the errors of the form as a whole; empty without known errors
 */
export function showWrong(form, wrong) {
  removeNotes(form);
  const fields = named(form, wrong);
  mark(fields);
  for (const field of fields)
    note(
      field,
      [sentence("wrong_field"), expectation(wrong.find((error) => isOf(field, error)))].filter(Boolean).join(" "),
    );
  fields[0]?.focus();
  fields[0]?.closest(".field, fieldset")?.scrollIntoView({ block: "center" }); // the note below it must be visible
  const ofForm = wrong.filter((error) => !fields.some((field) => isOf(field, error))).map(expectation);
  return [fields.length && sentence("check", { fields: labels(fields) }), ...new Set(ofForm)].filter(Boolean).join(" ");
}

/** @param {HTMLElement[]} fields */
export function labels(fields) {
  return fields
    .map((field) => /** @type {HTMLInputElement} */ (field).labels?.[0]?.textContent ?? field.ariaLabel ?? "")
    .join(", ");
}

/**
 * @param {HTMLFormElement} form
 * @param {Wrong[]} wrong
 * @returns {HTMLElement[]}
 */
function named(form, wrong) {
  const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-pointer]")]);
  return fields.filter((field) => wrong.some((error) => isOf(field, error)));
}

/** @param {HTMLElement} field @param {Wrong} wrong */
function isOf(field, { pointer }) {
  return pointer.startsWith(field.dataset.pointer ?? "/");
}

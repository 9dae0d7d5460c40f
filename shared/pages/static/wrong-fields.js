// Shows at each field of a form that a service did not accept it, and what the service expected, in the reader's language.

import { expectation } from "./expectations.js";
import { sentence } from "./texts.js";

/** @typedef {import("./expectations.js").Wrong} Wrong */

/** Marks the fields, and opens the sections that hide them. @param {HTMLElement[]} fields */
export function mark(fields) {
  for (const field of fields) {
    field.setAttribute("aria-invalid", "true");
    field.dispatchEvent(new Event("invalid", { bubbles: true })); // a form shows a field that it has hidden
    for (let around = field.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true; // a field in a closed section cannot get the focus
  }
}

/** Says something at the field. @param {HTMLElement} field @param {string} text */
export function note(field, text) {
  const made = Object.assign(document.createElement("p"), { className: "problem", textContent: text });
  made.id = `${field.id}-problem`;
  (field.closest(".field, fieldset") ?? field.closest("form"))?.append(made);
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== made.id);
  field.setAttribute("aria-describedby", [...described, made.id].join(" "));
}

/**
 * Marks the fields that the service did not accept, says at each what is expected, and puts the focus into the first.
 * @param {HTMLFormElement} form @param {Wrong[]} wrong
 * @returns {string} the fields by name, and what is expected of the form as a whole; empty if nothing is known
 */
export function showWrong(form, wrong) {
  removeNotes(form);
  const fields = named(form, wrong);
  mark(fields);
  for (const field of fields) note(field, [sentence("wrong_field"), expectation(wrong.find((error) => isOf(field, error)))].filter(Boolean).join(" "));
  fields[0]?.focus();
  fields[0]?.closest(".field, fieldset")?.scrollIntoView({ block: "center" }); // the note may be below the field
  const ofForm = wrong.filter((error) => !fields.some((field) => isOf(field, error))).map(expectation);
  return [fields.length && sentence("check", { fields: labels(fields) }), ...new Set(ofForm)].filter(Boolean).join(" ");
}

/** @param {HTMLFormElement} form */
export function removeNotes(form) {
  for (const problem of form.querySelectorAll(".problem")) problem.remove();
}

/** @param {HTMLElement[]} fields */
export function labels(fields) {
  return fields.map((field) => /** @type {HTMLInputElement} */ (field).labels?.[0]?.textContent ?? field.ariaLabel ?? "").join(", ");
}

/** The form's fields of these errors. @param {HTMLFormElement} form @param {Wrong[]} wrong @returns {HTMLElement[]} */
function named(form, wrong) {
  const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-pointer]")]);
  return fields.filter((field) => wrong.some((error) => isOf(field, error)));
}

/** @param {HTMLElement} field @param {Wrong} wrong */
function isOf(field, { pointer }) {
  return pointer.startsWith(field.dataset.pointer ?? "/");
}

// The mark and the note of a field are removed when somebody edits the field.
document.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  target.removeAttribute("aria-invalid");
  target.closest(".field, fieldset")?.querySelector(".problem")?.remove();
});

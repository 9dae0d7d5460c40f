// What the form calls a field, in the reader's language.

import { element } from "./page.js";

// where a field of the report and its control have different names
const CONTROLS = /** @type {Record<string, string>} */ ({
  occurred_at: "occurred", origin: "origin_oblast", destination: "destination_oblast", reasons: "reason", legal_basis: "consent",
});
const PARTS = /** @type {Record<string, string>} */ ({ members: "#members", sex_age: "[data-age]" });

/** What an answer's JSON pointer points to, or nothing where the form has no such field. @param {string} pointer */
export function labelOf(pointer) {
  const [, field, , inner] = pointer.split("/");
  const control = inPerson(inner) ?? document.querySelector(PARTS[field] ?? `#report [name="${CONTROLS[field] ?? field}"]`);
  return control ? nameOf(control) : "";
}

/** As its group is called, where it has one. @param {Element} control */
export function nameOf(control) {
  const group = control.closest("fieldset, details");
  return words(group?.querySelector("legend, summary") ?? control.closest("label") ?? document.querySelector(`label[for="${control.id}"]`));
}

/** @param {string | undefined} name */
function inPerson(name) {
  const person = /** @type {HTMLTemplateElement} */ (element("member")).content;
  return name ? person.querySelector(`[data-name="${name}"]`) : null;
}

/** Without those of the control within. @param {Element | null} label */
function words(label) {
  return [...(label?.childNodes ?? [])].map((each) => (each instanceof Text ? each.data : "")).join("").trim();
}

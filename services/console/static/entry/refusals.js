// Shows the errors of a form for telephone reports: marks the invalid fields, focuses the first, and shows the reason.

import { problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const form = /** @type {HTMLFormElement} */ (element("failure").closest("form"));

/** @param {string} text @param {HTMLElement[]} [fields] */
export function fail(text, fields = []) {
  const failure = element("failure");
  failure.textContent = text;
  failure.hidden = !text;
  for (const field of fields) {
    field.setAttribute("aria-invalid", "true");
    field.dispatchEvent(new Event("invalid", { bubbles: true })); // a form shows a field that it has hidden
    for (let around = field.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true; // a field in a closed section cannot get the focus
  }
  if (text) (fields[0] ?? failure).focus();
}

/** Shows the first of these errors that has fields. @param {[string, HTMLElement[]][]} errors the texts, each with its fields */
export function isWithout(errors) {
  const first = errors.find(([, fields]) => fields.length);
  if (first) fail(sentence(first[0], { fields: labels(first[1]), field: labels(first[1]) }), first[1]);
  return !first;
}

/** Shows why intake or the console refused the form. @param {Response} answer */
export async function refuse(answer) {
  if (answer.status === 401) return fail(sentence("signed_out"));
  const { text, body } = await problem(answer);
  const fields = named((body.errors ?? []).map((/** @type {{pointer: string}} */ error) => error.pointer));
  fail(fields.length ? sentence("check", { fields: labels(fields) }) : sentence("refused", { problem: text }), fields);
}

/** @param {HTMLElement[]} fields */
export function labels(fields) {
  return fields.map((field) => /** @type {HTMLInputElement} */ (field).labels?.[0]?.textContent ?? field.ariaLabel ?? "").join(", ");
}

/** The form fields of these JSON pointers. @param {string[]} pointers @returns {HTMLElement[]} */
function named(pointers) {
  const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-pointer]")]);
  return fields.filter((field) => pointers.some((pointer) => pointer.startsWith(field.dataset.pointer ?? "/")));
}

// The mark of a field is removed when somebody edits the field.
form.addEventListener("input", (event) => /** @type {HTMLElement} */ (event.target).removeAttribute("aria-invalid"));

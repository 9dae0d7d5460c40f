// Shows the errors of a form: marks the invalid fields, focuses the first, and shows the reason. What a service refused
// is also said at each field.

import { problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

/** @typedef {{pointer: string, expected?: string}} Wrong a field that a service did not accept */

const form = /** @type {HTMLFormElement} */ (element("failure").closest("form"));

/** @param {string} text @param {HTMLElement[]} [fields] */
export function fail(text, fields = []) {
  const failure = element("failure");
  failure.textContent = text;
  failure.hidden = !text;
  for (const note of form.querySelectorAll(".problem")) note.remove();
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
  /** @type {Wrong[]} */
  const wrong = body.errors ?? [];
  const fields = named(wrong.map(({ pointer }) => pointer));
  fail(fields.length ? sentence("check", { fields: labels(fields) }) : sentence("refused", { problem: text }), fields);
  for (const field of fields) note(field, wrong);
}

/** Says at the field what is wrong. What a service expected is known in English only. @param {HTMLElement} field @param {Wrong[]} wrong */
function note(field, wrong) {
  const expected = document.documentElement.lang === "en" && wrong.find(({ pointer }) => isOf(field, pointer))?.expected;
  const made = Object.assign(document.createElement("p"), { className: "problem", textContent: sentence("wrong_field") + (expected ? ` ${expected}` : "") });
  made.id = `${field.id}-problem`;
  (field.closest(".field, fieldset") ?? form).append(made);
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== made.id);
  field.setAttribute("aria-describedby", [...described, made.id].join(" "));
}

/** @param {HTMLElement[]} fields */
export function labels(fields) {
  return fields.map((field) => /** @type {HTMLInputElement} */ (field).labels?.[0]?.textContent ?? field.ariaLabel ?? "").join(", ");
}

/** The form fields of these JSON pointers. @param {string[]} pointers @returns {HTMLElement[]} */
function named(pointers) {
  const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-pointer]")]);
  return fields.filter((field) => pointers.some((pointer) => isOf(field, pointer)));
}

/** @param {HTMLElement} field @param {string} pointer */
function isOf(field, pointer) {
  return pointer.startsWith(field.dataset.pointer ?? "/");
}

// The mark and the note of a field are removed when somebody edits the field.
form.addEventListener("input", (event) => {
  const field = /** @type {HTMLElement} */ (event.target);
  field.removeAttribute("aria-invalid");
  field.closest(".field, fieldset")?.querySelector(".problem")?.remove();
});

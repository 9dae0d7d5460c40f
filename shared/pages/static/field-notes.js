// Marks fields of a form, and says at a field what is wrong with it.

import { make } from "./elements.js";

/**
 * Says at the field why nothing was sent, and puts the focus into it.
 * @param {HTMLElement} field
 * @param {string} text
 */
export function sayAt(field, text) {
  removeNotes(field.closest(".field") ?? field);
  mark([field]);
  note(field, text);
  field.focus();
}

/** Marks the fields, and opens the sections that hide them. @param {HTMLElement[]} fields */
export function mark(fields) {
  for (const field of fields) {
    field.setAttribute("aria-invalid", "true");
    field.dispatchEvent(new Event("invalid", { bubbles: true })); // a form that hides this field now shows the field
    for (let around = field.closest("details"); around; around = around.parentElement?.closest("details") ?? null)
      around.open = true; // a field in a closed section cannot get the focus
  }
}

/** Shows a text at the field. @param {HTMLElement} field @param {string} text */
export function note(field, text) {
  const made = make("p", { className: "problem", textContent: text });
  made.id = `${field.id}-problem`;
  (field.closest(".field, fieldset") ?? field.closest("form"))?.append(made);
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== made.id);
  field.setAttribute("aria-describedby", [...described, made.id].join(" "));
}

/** @param {Element} place a form, or a part of it */
export function removeNotes(place) {
  for (const problem of place.querySelectorAll(".problem")) problem.remove();
}

// The mark and the note of a field are removed when somebody edits the field.
document.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  target.removeAttribute("aria-invalid");
  target.closest(".field, fieldset")?.querySelector(".problem")?.remove();
});

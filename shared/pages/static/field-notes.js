// Marks the wrong fields of a form, and shows a note at each.

import { make } from "./elements.js";

/**
 * @param {HTMLElement} field
 * @param {string} text
 */
export function sayAt(field, text) {
  removeNotes(field.closest(".field") ?? field);
  mark([field]);
  note(field, text);
  field.focus();
}

/** Marks the fields, and opens the sections around them. @param {HTMLElement[]} fields */
export function mark(fields) {
  for (const field of fields) {
    field.setAttribute("aria-invalid", "true");
    field.dispatchEvent(new Event("invalid", { bubbles: true })); // a form that hides the field shows it now
    for (let around = field.closest("details"); around; around = around.parentElement?.closest("details") ?? null)
      around.open = true; // in a closed section, a field cannot get the focus
  }
}

/** @param {HTMLElement} field @param {string} text */
export function note(field, text) {
  const made = make("p", { className: "problem", textContent: text });
  made.id = `${field.id}-problem`;
  (field.closest(".field, fieldset") ?? field.closest("form"))?.append(made);
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== made.id);
  field.setAttribute("aria-describedby", [...described, made.id].join(" "));
}

/** @param {Element} place */
export function removeNotes(place) {
  for (const problem of place.querySelectorAll(".problem")) problem.remove();
}

// An edited field loses its mark and its note.
document.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  target.removeAttribute("aria-invalid");
  target.closest(".field, fieldset")?.querySelector(".problem")?.remove();
});

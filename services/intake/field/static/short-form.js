// The short form has only the fields that matter in the first hours after an event. The short form shows every field
// that has a value, because the value will be sent. A correction uses the full form.

import { element } from "./elements.js";
import { isAnswered } from "./presets.js";

const KEPT = "dayar.short-form";
const box = /** @type {HTMLInputElement} */ (element("short"));

export function listenToShortForm() {
  // a change of this box must not save the report
  for (const name of ["input", "change"]) box.addEventListener(name, (event) => event.stopPropagation());
  box.addEventListener("change", () => {
    show(box.checked);
    localStorage.setItem(KEPT, box.checked ? "yes" : "no");
  });
}

/** Show the form that the author chose. */
export function showChosen() {
  show(localStorage.getItem(KEPT) === "yes");
}

/** Show the full form: a draft or correction may have a value in any field. */
export function showAll() {
  show(false);
}

/** @param {boolean} isShort */
function show(isShort) {
  box.checked = isShort;
  element("report").classList.toggle("is-short", isShort);
  for (const question of element("report").querySelectorAll("[data-full]"))
    question.classList.toggle("is-answered", isAnswered(question));
  if (isShort) /** @type {HTMLDetailsElement} */ (element("counts")).open = true;
}

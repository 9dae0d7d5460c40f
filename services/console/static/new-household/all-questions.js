// The short form asks the minimum of a rapid assessment. The box "All questions" opens the other questions. A
// correction always has all questions. Another question that has an answer is shown in the short form, too, because the
// answer is sent.

import { input } from "/static/entry/fields.js";
import { isAnswered } from "/static/presets.js";

const KEPT = "dayar.all-questions";

export function listenToAllQuestions() {
  const box = input("all-questions");
  // the box is not part of the report, so a change of the box is not a change of the form
  for (const name of ["input", "change"]) box.addEventListener(name, (event) => event.stopPropagation());
  box.addEventListener("change", () => {
    localStorage.setItem(KEPT, box.checked ? "yes" : "no");
    ask(box.checked);
  });
  box.form?.addEventListener("invalid", ({ target }) => {
    if (/** @type {HTMLElement} */ (target).closest("[data-full]")) askAll();
  });
  askChosen();
}

/** Shows the form that the person chose for new households. */
export function askChosen() {
  ask(localStorage.getItem(KEPT) === "yes");
}

export function askAll() {
  ask(true);
}

/** @param {boolean} areAll */
function ask(areAll) {
  const box = input("all-questions");
  box.checked = areAll;
  box.form?.classList.toggle("is-short", !areAll);
  for (const question of box.form?.querySelectorAll("[data-full]") ?? [])
    question.classList.toggle("is-answered", isAnswered(question));
}

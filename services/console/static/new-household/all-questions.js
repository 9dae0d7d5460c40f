// The short form asks the questions of a rapid assessment, and the box "All questions" shows the others. A correction
// shows all questions. A question with an answer stays visible, because its answer is sent.

import { input } from "/static/entry/fields.js";
import { isAnswered } from "/static/presets.js";

const KEPT = "dayar.all-questions";

export function listenToAllQuestions() {
  const box = input("all-questions");
  // the box is no part of the report, so its change is no unsent change
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

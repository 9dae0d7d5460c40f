// Shows the full form in steps, one screen after the other. The browser's back button leads to the previous step. The
// short form is always one page. The author can choose to see the full form on one page as well.

import { mark, problems, summed } from "./checks.js";
import { form } from "./controls.js";
import { element } from "./elements.js";
import { tell } from "./page.js";
import { sentence } from "./texts.js";

const REVEAL = "dayar-reveal"; // a field dispatches this event to become visible
const KEPT = "dayar.steps";
const box = /** @type {HTMLInputElement} */ (element("by-steps"));
const short = /** @type {HTMLInputElement} */ (element("short"));
let step = 1;
let depth = 0; // number of steps in the browser's history

export function listenToSteps() {
  // a change of this box must not save the report
  for (const name of ["input", "change"]) box.addEventListener(name, (event) => event.stopPropagation());
  box.addEventListener("change", () => {
    showSteps();
    localStorage.setItem(KEPT, box.checked ? "yes" : "no");
  }); // the phone may be too full to store the choice, so the steps are shown first
  short.addEventListener("change", restart);
  element("next").addEventListener("click", forward);
  element("back").addEventListener("click", backward);
  form.addEventListener("submit", instead);
  form.addEventListener(REVEAL, ({ target }) => {
    if (target instanceof Element) go(stepOf(target));
  });
  addEventListener("popstate", ({ state }) => {
    depth = state?.depth ?? 0;
    go(state?.step ?? 1);
  });
}

/** Show the first step. A reset of the form also resets the box, so the author's choice is restored. */
export function restart() {
  box.checked = localStorage.getItem(KEPT) !== "no";
  if (depth) history.go(-depth);
  depth = 0;
  step = 1;
  showSteps();
}

/**
 * In every step but the last, let the Enter key show the next step instead of sending the form.
 * @param {Event} event
 */
function instead(event) {
  if (!isByStep() || step === steps().at(-1)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  forward();
}

/** Show the next step, if this step has no wrong field. */
function forward() {
  const invalid = problems(form).filter(({ control }) => stepOf(control) === step);
  mark(form, invalid);
  tell(element("wrong"), summed(invalid.map(({ text }) => text)));
  const next = steps().find((later) => later > step);
  if (invalid.length || !next) return;
  depth += 1;
  history.pushState({ step: next, depth }, "");
  go(next);
  element("progress").focus({ preventScroll: true });
}

/**
 * Show the previous step. A jump to a wrong field adds no step to the browser's history, so `history.back()` may not
 * lead there.
 */
function backward() {
  if (depth && history.state?.step === step) history.back();
  else go(steps().findLast((earlier) => earlier < step) ?? 1);
}

/**
 * Show a step. If this kind of report has no such step, show the nearest step before.
 * @param {number} wanted
 */
function go(wanted) {
  const nearest = steps().findLast((known) => known <= wanted) ?? 1;
  if (nearest === step) return;
  step = nearest;
  showSteps();
  element("form-title").scrollIntoView();
}

export function showSteps() {
  const all = steps(),
    isLast = !isByStep() || step === all.at(-1);
  for (const part of parts()) part.classList.toggle("is-elsewhere", isByStep() && stepOf(part) !== step);
  element("progress").hidden = !isByStep();
  element("progress").textContent = sentence("step", { number: all.indexOf(step) + 1, all: all.length });
  element("next").hidden = isLast;
  element("send").hidden = !isLast;
  element("back").hidden = !isByStep() || step === all[0];
}

function isByStep() {
  return box.checked && !short.checked;
}

function steps() {
  return [
    ...new Set(
      parts()
        .filter((part) => !part.hidden)
        .map(stepOf),
    ),
  ];
}

function parts() {
  const all = /** @type {HTMLElement[]} */ ([...form.children]);
  return all.slice(
    all.findIndex((part) => part.dataset.step),
    -1,
  );
}

/**
 * Return the step of an element. A part with `data-step` begins a step, and the next parts belong to this step.
 * @param {Element} inside
 */
function stepOf(inside) {
  let part = inside.closest("#report > *");
  while (part && !(/** @type {HTMLElement} */ (part).dataset.step)) part = part.previousElementSibling;
  return Number(/** @type {HTMLElement | null} */ (part)?.dataset.step ?? 1);
}

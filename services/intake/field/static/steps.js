// Shows the full form in steps, one screen after the other. The browser's back button leads to the previous step. The
// short form is one page, and an author can choose one page for the full form.

import { mark, problems, summed } from "./checks.js";
import { form } from "./controls.js";
import { element } from "./elements.js";
import { tell } from "./page.js";
import { sentence } from "./texts.js";

const REVEAL = "dayar-reveal"; // the event is dispatched at a field that must become visible
const KEPT = "dayar.steps";
const box = /** @type {HTMLInputElement} */ (element("by-steps"));
const short = /** @type {HTMLInputElement} */ (element("short"));
let step = 1;
let depth = 0; // how many steps the browser can go back

export function listenToSteps() {
  // the choice is not part of the report
  for (const name of ["input", "change"]) box.addEventListener(name, (event) => event.stopPropagation());
  box.addEventListener("change", () => {
    showSteps();
    localStorage.setItem(KEPT, box.checked ? "yes" : "no");
  }); // a full phone cannot store the choice
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

/** Emptying the form also empties the choice between steps and one page, so the choice is restored. */
export function restart() {
  box.checked = localStorage.getItem(KEPT) !== "no";
  if (depth) history.go(-depth);
  depth = 0;
  step = 1;
  showSteps();
}

/**
 * Before the last step, the Enter key must lead to the next step and not send the form.
 * @param {Event} event
 */
function instead(event) {
  if (!isByStep() || step === steps().at(-1)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  forward();
}

/** Go on only if the step has no wrong field. */
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

/** The browser's history does not know a step that the form showed because of a wrong field. */
function backward() {
  if (depth && history.state?.step === step) history.back();
  else go(steps().findLast((earlier) => earlier < step) ?? 1);
}

/**
 * If the chosen kind of report lacks a step, the form shows the previous step.
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

/** Each part with `data-step` begins a step. @param {Element} inside */
function stepOf(inside) {
  let part = inside.closest("#report > *");
  while (part && !(/** @type {HTMLElement} */ (part).dataset.step)) part = part.previousElementSibling;
  return Number(/** @type {HTMLElement | null} */ (part)?.dataset.step ?? 1);
}

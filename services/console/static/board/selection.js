// The selected alerts, with the version of each when it was selected. Extreme alerts cannot be selected: operators
// answer each Extreme alert separately.

import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";

/** @type {Map<string, number>} */
const selected = new Map();
let anchor = "";

const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#panel-alerts .alert")]);
/** @param {Element} row */
const boxOf = (row) => /** @type {HTMLInputElement | null} */ (row.querySelector("[data-select]"));
/** @param {HTMLElement} row */
const keyOf = (row) => row.dataset.key ?? "";

/** @returns {string[]} */
export function chosen() {
  return [...selected.keys()];
}

/** @param {string} alert */
export function isChosen(alert) {
  return selected.has(alert);
}

/** @param {string[]} alerts */
export function seen(alerts) {
  return Object.fromEntries(alerts.map((alert) => [alert, selected.get(alert) ?? 0]));
}

/** @param {string[]} [alerts] */
export function chooseNone(alerts = chosen()) {
  for (const alert of alerts) selected.delete(alert);
  showSelection();
}

/**
 * Selects the alerts again in their present versions. The page has told the person what has changed.
 * @param {string[]} alerts
 */
export function chooseAgain(alerts) {
  for (const row of rows()) if (alerts.includes(keyOf(row))) choose(row, true);
  showSelection();
}

/** @param {HTMLElement} row @param {boolean} isOn */
function choose(row, isOn) {
  const box = boxOf(row);
  if (!box || box.disabled) return;
  if (isOn) selected.set(keyOf(row), Number(row.dataset.sequence));
  else selected.delete(keyOf(row));
}

/** @param {HTMLElement[]} several @param {boolean} isOn */
function chooseAll(several, isOn) {
  for (const row of several) choose(row, isOn);
  showSelection();
  const alone = several.filter((row) => row.dataset.severity === "Extreme").length;
  if (isOn && alone) toast(sentence("extreme_alone", { count: alone }));
}

/** Selects or deselects a row. The next range begins at this row. @param {HTMLElement} row */
export function turn(row) {
  anchor = keyOf(row);
  chooseAll([row], !isChosen(anchor));
}

/** @param {HTMLElement} row */
export function chooseTo(row) {
  chooseAll(rangeTo(row), true);
}

/**
 * Extends the selection, as Shift with an arrow key does.
 * @param {HTMLElement} from
 * @param {HTMLElement} to
 */
export function extend(from, to) {
  const isBegun = isChosen(keyOf(from)) && rows().some((row) => keyOf(row) === anchor);
  if (!isBegun) anchor = keyOf(from);
  const range = rangeTo(to);
  if (!range.includes(from)) choose(from, false);
  for (const row of range) choose(row, true);
  showSelection();
}

/** @param {HTMLElement} row */
function rangeTo(row) {
  const all = rows();
  const [at, from] = [all.indexOf(row), all.findIndex((each) => keyOf(each) === anchor)];
  return from < 0 ? [row] : all.slice(Math.min(at, from), Math.max(at, from) + 1);
}

/** @param {Element | null} section */
export function chooseSection(section, isOn = true) {
  chooseAll(
    rows().filter((row) => section?.contains(row)),
    isOn,
  );
}

/** Shows the selection. Alerts that are no longer in the list are deselected. */
export function showSelection() {
  const boxes = new Map(rows().map((row) => [keyOf(row), boxOf(row)]));
  for (const alert of chosen()) if (!boxes.get(alert)) selected.delete(alert);
  for (const [alert, box] of boxes) if (box) box.checked = isChosen(alert);
  for (const whole of /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll("[data-select-section]")
  )) {
    const inside = [...(whole.closest(".section")?.querySelectorAll("[data-select]") ?? [])];
    const count = inside.filter((box) => /** @type {HTMLInputElement} */ (box).checked).length;
    whole.checked = count > 0 && count === inside.length;
    whole.indeterminate = count > 0 && count < inside.length;
    whole.disabled = inside.length === 0;
  }
  element("selection").hidden = selected.size === 0;
  const text = sentence("selected", { count: selected.size });
  element("selected").textContent = text;
  // outside the panel: screen readers ignore a text inside an element that is redrawn
  const announcer = element("selection-announcer");
  if (announcer.textContent !== text && (selected.size || announcer.textContent)) announcer.textContent = text;
}

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) return;
  if (box.dataset.selectSection) return chooseSection(box.closest(".section"), box.checked);
  const row = /** @type {HTMLElement | null} */ (box.dataset.select ? box.closest(".alert") : null);
  if (row) event.shiftKey ? chooseTo(row) : turn(row);
});

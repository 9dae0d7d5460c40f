// The keys of the list of alerts. A key acts on the focused row, or on all selected rows if the focused row is
// selected.

import { begin } from "/static/board/answers.js";
import { open } from "/static/board/beside.js";
import { chooseNone, chooseSection, chooseTo, chosen, extend, isChosen, turn } from "/static/board/selection.js";
import { element } from "/static/elements.js";

/** @type {Record<string, string>} actions by the position of the key, which is the same in every keyboard layout */
const ACTS = { KeyA: "acknowledge", KeyR: "resolve", KeyP: "progress", KeyG: "assign", KeyZ: "snooze" };
const board = element("board");

/**
 * If no row has the focus, the key ↓ moves the focus to the first alert. If the focused row has gone, the panel itself
 * has the focus.
 * @param {KeyboardEvent} event
 */
function enter(event) {
  const isNowhere =
    document.activeElement === document.body || document.activeElement === document.getElementById("panel-alerts");
  const first = /** @type {HTMLElement | null} */ (board.querySelector(".alert"));
  if (event.key !== "ArrowDown" || !isNowhere || !first || hasModifier(event)) return;
  event.preventDefault();
  first.focus();
}

/** @param {KeyboardEvent} event */
function hasModifier({ altKey, ctrlKey, metaKey, shiftKey }) {
  return altKey || ctrlKey || metaKey || shiftKey;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const row = document.activeElement;
  if (!(row instanceof HTMLElement) || !row.classList.contains("alert") || event.altKey) return;
  const isHandled = event.ctrlKey || event.metaKey ? event.code === "KeyA" && selectSection(row) : handle(event, row);
  if (isHandled) event.preventDefault();
}

/** @param {HTMLElement} row */
function selectSection(row) {
  chooseSection(row.closest(".section"));
  return true;
}

/** @param {KeyboardEvent} event @param {HTMLElement} row */
function handle(event, row) {
  if (ACTS[event.code] && !event.shiftKey) beginOn(ACTS[event.code], row);
  else if (event.key === "Enter") void open(`/alerts/${row.dataset.key}`);
  else if (event.key === "ArrowDown") move(row, 1, event.shiftKey);
  else if (event.key === "ArrowUp") move(row, -1, event.shiftKey);
  else if (event.code === "Space" || event.code === "KeyX") event.shiftKey ? chooseTo(row) : turn(row);
  else return false;
  return true;
}

/**
 * @param {string} act
 * @param {HTMLElement} row
 */
function beginOn(act, row) {
  const alert = row.dataset.key ?? "";
  if (isChosen(alert)) return begin(`${act === "progress" ? "take-over" : act}-selected`, "");
  const button = /** @type {HTMLButtonElement | null} */ (row.querySelector(`[data-act="${act}"]`));
  if (button) button.click();
  else if (row.querySelector("[data-act=more]:enabled") && (act === "assign" || act === "snooze")) begin(act, alert);
}

/** @param {HTMLElement} row @param {number} by @param {boolean} isRange */
function move(row, by, isRange) {
  const rows = /** @type {HTMLElement[]} */ ([...board.querySelectorAll(".alert")]);
  const next = rows[rows.indexOf(row) + by];
  if (!next) return;
  if (isRange) extend(row, next);
  next.focus();
}

board.addEventListener("keydown", pressed);
addEventListener("keydown", enter);
addEventListener("keydown", (event) => {
  if (
    event.key !== "Escape" ||
    event.defaultPrevented ||
    !chosen().length ||
    document.querySelector("dialog[open], .menu[open]")
  )
    return;
  if (element("beside").hidden) chooseNone();
});

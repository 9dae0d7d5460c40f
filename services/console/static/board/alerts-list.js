// The list of alerts. While somebody may be about to answer an alert, no row moves. The changes wait until the person
// has finished, or presses the button.

import { forget, highlight, renew, takeUp } from "/static/board/panels.js";
import { showSelection } from "/static/board/selection.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const KEY_MS = 5000;
const ANSWERED_MS = 5000;
const MOVING_MS = 300; // a pointer that moved within this time may still be on its way to an alert
const LONGEST_WAY_MS = 2000; // rows move after this time, even if the pointer never rests

// rows move after this time under a resting pointer; on a wall screen, the pointer can rest on the list for days
const RESTING_MS = 120_000;
const URGENT = ["Extreme", "Severe"];

/** @type {HTMLElement | undefined} the server's latest list, before the page shows it */
let pending;
let keyAt = -Infinity;
let pointerAt = -Infinity;
let setOffAt = -Infinity; // when the pointer last began to move
let answeredAt = -Infinity;

const panel = () => element("panel-alerts");
const strip = element("strip");

/** @param {ParentNode} list @returns {Map<string, HTMLElement>} */
function rowsOf(list) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".alert"));
  return new Map([...rows].map((row) => [row.dataset.key ?? "", row]));
}

function isHeld() {
  const now = performance.now();
  const isOnWay = now - pointerAt < MOVING_MS && now - setOffAt < LONGEST_WAY_MS;
  const isAiming = isOnWay || (panel().matches(":hover") && now - pointerAt < RESTING_MS);
  return (
    (isAiming && panel().querySelector("[data-act]") !== null) || now - keyAt < KEY_MS || now - answeredAt < ANSWERED_MS
  );
}

function aim() {
  const now = performance.now();
  if (now - pointerAt > MOVING_MS) setOffAt = now;
  pointerAt = now;
}

/**
 * Shows the server's list, or waits while somebody may be about to answer an alert. After a change of the filter, there
 * is no wait.
 * @param {HTMLElement} fresh
 */
export function settle(fresh) {
  const isOfSameFilter = fresh.dataset.filter === panel().dataset.filter;
  if (isOfSameFilter) announce(fresh);
  pending = fresh;
  if (!isOfSameFilter || !isHeld()) return apply();
  mend(fresh);
  drawn();
}

function drawn() {
  panel().dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
}

/**
 * Tells screen readers about new alerts, and about the number of hidden alerts if the filter hides more than before.
 * @param {HTMLElement} fresh
 */
function announce(fresh) {
  const before = pending ?? panel();
  const known = rowsOf(before);
  const fresher = [...rowsOf(fresh)]
    .filter(([key, row]) => !known.has(key) && row.dataset.state === "waiting")
    .map(([, row]) => nameOf(row));
  const texts = fresher.length ? [sentence("new_alert", { alerts: fresher.join("; ") })] : [];
  const hidden = hiddenOf(fresh);
  if (hidden && Number(hidden.dataset.count) > Number(hiddenOf(before)?.dataset.count)) texts.push(lineOf(hidden));
  if (texts.length) element("announcer").textContent = texts.join(". ");
}

/** @param {ParentNode} list */
function hiddenOf(list) {
  return /** @type {HTMLElement | null} */ (list.querySelector("#hidden-unacknowledged"));
}

/** @param {Element | null} part */
function lineOf(part) {
  return part?.textContent?.replace(/\s+/g, " ").trim() ?? "";
}

/** @param {Element} row */
export function nameOf(row) {
  return [".alert-name", ".alert-where", ".alert-grade"]
    .map((part) => lineOf(row.querySelector(part)))
    .filter(Boolean)
    .join(" · ");
}

/** @param {string} alert */
export function named(alert) {
  const row = rowsOf(panel()).get(alert) ?? (pending && rowsOf(pending).get(alert));
  return row ? nameOf(row) : "";
}

/** @param {HTMLElement} fresh */
function mend(fresh) {
  const next = rowsOf(fresh);
  let changes = 0;
  for (const [key, row] of rowsOf(panel())) {
    forget(row);
    const newer = next.get(key);
    next.delete(key);
    const isMoved = !newer || newer.dataset.section !== row.dataset.section;
    if (isMoved) {
      changes += 1;
      settleRow(row, newer);
    } else if (newer.dataset.severity !== row.dataset.severity) {
      changes += 1;
    }
    if (newer) copy(newer, row);
  }
  changes += next.size;
  panel().dataset.waiting = fresh.dataset.waiting;
  const hidden = hiddenOf(fresh);
  if (hidden) hiddenOf(panel())?.replaceWith(hidden.cloneNode(true));
  if (!fresh.querySelector("#all-acknowledged")) document.getElementById("all-acknowledged")?.remove();
  const button = element("changes");
  button.hidden = changes === 0;
  button.textContent = sentence("changes", { count: changes });
  showStrip(
    [...next.values()].filter((row) => row.dataset.state === "waiting" && URGENT.includes(row.dataset.severity ?? "")),
  );
}

/**
 * Disables the buttons whose action is no longer possible. The row of an answered or ended alert stays for five
 * seconds.
 * @param {HTMLElement} row
 * @param {HTMLElement | undefined} newer
 */
function settleRow(row, newer) {
  if (row.classList.contains("is-settled")) return;
  answeredAt = performance.now();
  row.classList.add("is-settled");
  row.dataset.state = "answered";
  for (const control of /** @type {NodeListOf<HTMLButtonElement>} */ (row.querySelectorAll("button, input"))) {
    if (newer?.querySelector(`[data-act="${control.dataset.act}"]`)) continue;
    // disabling a control takes its focus away
    if (control === document.activeElement) row.focus({ preventScroll: true });
    control.disabled = true;
  }
  if (!newer) {
    const state = row.querySelector(".alert-state");
    if (state) state.textContent = sentence("gone");
  }
}

/** @param {HTMLElement} newer @param {HTMLElement} row */
function copy(newer, row) {
  for (const part of [".alert-line", ".alert-state", ".alert-below", ".alert-grade"]) {
    const [shown, drawn] = [row.querySelector(part), newer.querySelector(part)];
    if (shown && drawn && shown.innerHTML !== drawn.innerHTML)
      shown.replaceChildren(...drawn.cloneNode(true).childNodes);
  }
  row.dataset.severity = newer.dataset.severity;
  row.dataset.sequence = newer.dataset.sequence;
  row.toggleAttribute("data-taken", newer.hasAttribute("data-taken"));
}

/** @param {HTMLElement[]} rows */
function showStrip(rows) {
  strip.hidden = rows.length === 0;
  element("strip-text").textContent =
    rows.map(nameOf).slice(0, 2).join("; ") + (rows.length > 2 ? ` +${rows.length - 2}` : "");
  strip.dataset.alert = rows[0]?.dataset.key ?? "";
}

export function apply() {
  if (!pending) return;
  const [list, fresh] = [panel(), pending];
  const shown = rowsOf(list);
  const top = list.scrollTop;
  const isOpen = list.querySelector("details")?.open ?? false;
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const key = /** @type {HTMLElement | null | undefined} */ (focused?.closest("[data-key]"))?.dataset.key;
  pending = undefined;
  renew(list, fresh);
  const details = list.querySelector("details");
  if (details) details.open = isOpen;
  // after the section of closed alerts is unfolded: a folded section makes the list too short for this scroll position
  if (top) list.scrollTop = top;
  for (const [id, row] of rowsOf(list)) if (!shown.has(id)) highlight(row);
  showSelection(); // before the focus is set: a hidden toolbar cannot get the focus
  if (focused) focusAgain(list, focused.id, key ?? "");
  showStrip([]);
  drawn();
}

/**
 * Focuses the element with the id. If the element is gone, focuses its row, or else the list.
 * @param {HTMLElement} list
 * @param {string} id
 * @param {string} key
 */
function focusAgain(list, id, key) {
  document.getElementById(id)?.focus({ preventScroll: true });
  takeUp(list, key);
}

/** @param {string} alert */
export function reveal(alert) {
  apply();
  const row = document.getElementById(`alert-${alert}`);
  row?.scrollIntoView({ block: "nearest" });
  row?.focus();
}

addEventListener("beforeprint", apply); // prints the waiting changes too
addEventListener(
  "keydown",
  () => {
    keyAt = performance.now();
  },
  { capture: true },
);
addEventListener("pointermove", aim, { passive: true });
addEventListener("pointerdown", aim, { passive: true, capture: true });
document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("#changes")) apply();
  if (target.closest("#strip-show")) reveal(strip.dataset.alert ?? "");
});
setInterval(() => {
  if (pending && !isHeld()) apply();
}, 500);

// Shows an alert, hazard, counted group, site or area in a panel beside the list. The list keeps its selection and its
// focus.

import { isBusy, readAgain, replace } from "/static/alert/alert.js";
import { readArticle } from "/static/alert/article.js";
import { problem } from "/static/calls.js";
import { element, showText } from "/static/elements.js";
import { isAnswered } from "/static/presets.js";
import { rested } from "/static/pressing.js";
import { sentence } from "/static/texts.js";

const AREA_MS = 10_000; // the shortest time between two readings of an area, because any change may concern the area

const panel = element("beside");
const content = element("beside-content");
/** A path such as /alerts/ID; empty if the panel is closed. */
let shown = "";
/** The newest known version of the shown record: an alert's sequence, or a hazard's revision. */
let newest = 0;
let readAt = -Infinity;
/** @type {string[]} the paths that the panel showed before, for the button "Back" */
let trail = [];
/** @type {HTMLElement | null} the focused element before the panel was opened */
let opener = null;
/** @type {Map<string, HTMLElement>} articles with unsent input; they are never dropped */
const unsent = new Map();

/**
 * Shows the path in the panel, or moves the focus into a panel that already shows the path.
 * @param {string} path
 */
export async function open(path) {
  if (shown === path) return panel.focus();
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  trail = shown && panel.contains(active) ? [...trail, shown] : [];
  if (!panel.contains(active)) opener = active;
  await show(path, active);
}

/** @param {string} path @param {HTMLElement | null} active */
async function show(path, active) {
  leave();
  content.replaceChildren(); // the old alert's buttons must not work under the new title
  fail("");
  newest = 0;
  shown = path;
  tell();
  /** @type {HTMLAnchorElement} */ (element("beside-page")).href = path;
  element("beside-title").textContent = sentence(kindOf(path));
  element("side-panel-back").hidden = !trail.length;
  panel.hidden = false;
  if (!active?.checkVisibility()) panel.focus(); // the panel hides the element that had the focus
  mark();
  const kept = unsent.get(path);
  /** @type {Response | undefined} */
  let refused;
  readAt = performance.now();
  const article =
    kept ??
    (await readArticle(path, panel.dataset.prefix ?? "", (answer) => {
      refused = answer;
    }));
  const reason = refused ? (await problem(refused)).text : sentence("not_shown");
  if (shown !== path) return;
  fail(article ? "" : reason);
  content.replaceChildren(...(article ? [article] : []));
  content.scrollTop = 0;
  if (!article) shown = "";
  if (kept) void readAgain();
  else catchUp(); // the record may have changed while the server rendered it
}

/** @param {string} path */
function kindOf(path) {
  return path.split("/").at(-2)?.replace(/s$/, "") ?? "";
}

function back() {
  const path = trail.pop();
  if (path) void show(path, panel);
  panel.focus();
}

/** Closes the panel, and focuses the row again. */
function close() {
  const isInside = panel.contains(document.activeElement);
  const back = rowOf(shown) ?? document.getElementById(opener?.id ?? "") ?? opener;
  leave();
  shown = "";
  tell();
  panel.hidden = true;
  content.replaceChildren();
  mark();
  if (isInside) back?.focus();
}

/** Tells the page which path the panel shows now. */
function tell() {
  document.dispatchEvent(new CustomEvent("shown-beside", { detail: shown }));
}

/** Before the panel shows another record, the shown article is kept in memory if it has unsent input. */
function leave() {
  const article = /** @type {HTMLElement | null} */ (content.firstElementChild);
  if (!article || !shown) return;
  if (isAnswered(article)) unsent.set(shown, article);
  else unsent.delete(shown);
}

/**
 * Notes a new version from the event stream. The list may have no row of the record, for example because of a filter.
 * @param {{ alert_id?: string, sequence?: number, hazard_id?: string, revision?: number }} [data] undefined if the page
 *   may have missed events
 */
export function note(data) {
  const id = shown.split("/").pop();
  if (!data || (data.alert_id && data.hazard_id === id))
    newest = Infinity; // a hazard's page also shows its alerts
  else if ((data.alert_id ?? data.hazard_id) === id) newest = Math.max(newest, data.sequence ?? data.revision ?? 0);
}

/** Notes any change in the country, because it may concern the shown area. */
export function noteChange() {
  if (kindOf(shown) === "area") newest = Infinity;
}

/**
 * Reads the shown record again if a newer version exists and the page is visible. Also marks the record's row, because
 * the list may have been redrawn.
 * @param {string} [drawn] the panel that was drawn; when this is "alerts", the server has stored all alerts of the
 *   stream
 */
export function catchUp(drawn) {
  mark();
  const article = /** @type {HTMLElement | null} */ (content.firstElementChild);
  newest = Math.max(newest, Number(rowOf(shown)?.dataset.sequence ?? 0));
  if (!article || isBusy() || document.visibilityState === "hidden" || newest <= versionOf(article)) return;
  if (["group", "site"].includes(kindOf(shown))) return; // the security log records each read of a group or site
  if (kindOf(shown) === "area" && performance.now() - readAt < AREA_MS) return;
  const isLast = newest === Infinity && drawn === "alerts";
  if (isLast) newest = 0;
  void (article.dataset.alert ? readAgain() : readPageAgain(article)).then(() => {
    // nothing was read: the next drawing tries again
    if (isLast && content.firstElementChild === article) newest = Infinity;
  });
}

/** @param {HTMLElement} before */
async function readPageAgain(before) {
  readAt = performance.now();
  const fresh = await readArticle(shown, panel.dataset.prefix ?? "");
  await rested();
  if (fresh && before.isConnected) replace(before, fresh);
}

/** @param {HTMLElement} article */
function versionOf(article) {
  const section = /** @type {HTMLElement | null} */ (article.querySelector("[data-revision]"));
  return Number(article.dataset.sequence ?? section?.dataset.revision ?? 0); // an area has no version
}

function mark() {
  for (const row of document.querySelectorAll(".alerts [aria-current]")) row.removeAttribute("aria-current");
  rowOf(shown)?.setAttribute("aria-current", "true");
}

/** @param {string} path */
function rowOf(path) {
  return /** @type {HTMLElement | null} */ (document.querySelector(`.alerts [data-key="${path.split("/").pop()}"]`));
}

/** @param {string} text */
function fail(text) {
  showText("beside-failure", text);
}

element("side-panel-close").addEventListener("click", close);
element("side-panel-back").addEventListener("click", back);
document.addEventListener("visibilitychange", () => catchUp());
// Reads the alert after a form was sent, because the alert may have changed. During the sending, the panel reads
// nothing.
document.addEventListener("may-be-old", () => catchUp());
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], .menu[open]")) return;
  event.preventDefault();
  close();
});

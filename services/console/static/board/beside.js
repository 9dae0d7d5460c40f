// Shows an alert, a hazard, a counted group, a site or an area in a panel beside the list. The list, its selection and
// the focus stay unchanged.

import { isBusy, readAgain, replace } from "/static/alert/alert.js";
import { readArticle } from "/static/alert/article.js";
import { problem } from "/static/calls.js";
import { element, showText } from "/static/elements.js";
import { isAnswered } from "/static/presets.js";
import { rested } from "/static/pressing.js";
import { sentence } from "/static/texts.js";

const AREA_MS = 10_000; // an area is read at most this often, because any change in the country may concern the area

const panel = element("beside");
const content = element("beside-content");
/** A path such as /alerts/ID; empty if the panel is closed. */
let shown = "";
/**
 * The newest version of the shown record, as the stream or the list has stated it. Alerts have a sequence, and hazards
 * have a revision.
 */
let newest = 0;
let readAt = -Infinity;
/** @type {string[]} the paths that the panel showed earlier, for the way back */
let trail = [];
/** @type {HTMLElement | null} what had the focus when the panel was opened */
let opener = null;
/**
 * @type {Map<string, HTMLElement>} the articles with input that was not sent yet; no article is ever dropped
 */
const unsent = new Map();

/**
 * If this path is open already, the focus moves into the panel.
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
  content.replaceChildren(); // the buttons of the former alert must not work under the new title
  fail("");
  newest = 0;
  shown = path;
  tell();
  /** @type {HTMLAnchorElement} */ (element("beside-page")).href = path;
  element("beside-title").textContent = sentence(kindOf(path));
  element("side-panel-back").hidden = !trail.length;
  panel.hidden = false;
  if (!active?.checkVisibility()) panel.focus(); // the panel now hides the element from which it was opened
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
  else catchUp(); // the alert or hazard may have changed while the server prepared the panel
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

/** The focus returns to the row. */
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

/** Keeps the shown article if it has unsent input. */
function tell() {
  document.dispatchEvent(new CustomEvent("shown-beside", { detail: shown }));
}

/** An article with unsent input is kept. */
function leave() {
  const article = /** @type {HTMLElement | null} */ (content.firstElementChild);
  if (!article || !shown) return;
  if (isAnswered(article)) unsent.set(shown, article);
  else unsent.delete(shown);
}

/**
 * Notes an event of the stream, because the list may have no row of the shown alert, for example if a filter hides it.
 * @param {{ alert_id?: string, sequence?: number, hazard_id?: string, revision?: number }} [data] undefined if the page
 *   may have missed events
 */
export function note(data) {
  const id = shown.split("/").pop();
  if (!data || (data.alert_id && data.hazard_id === id))
    newest = Infinity; // the page of a hazard also shows the alerts about the hazard
  else if ((data.alert_id ?? data.hazard_id) === id) newest = Math.max(newest, data.sequence ?? data.revision ?? 0);
}

/** A change anywhere in the country may concern the shown area. */
export function noteChange() {
  if (kindOf(shown) === "area") newest = Infinity;
}

/**
 * Reads the shown alert or hazard again if there is a newer version and the page is visible. The row is marked again,
 * because the list may have been redrawn.
 * @param {string} [drawn] the panel that was drawn. When the panel of alerts is drawn, the server has stored all alerts
 *   that the stream has sent.
 */
export function catchUp(drawn) {
  mark();
  const article = /** @type {HTMLElement | null} */ (content.firstElementChild);
  newest = Math.max(newest, Number(rowOf(shown)?.dataset.sequence ?? 0));
  if (!article || isBusy() || document.visibilityState === "hidden" || newest <= versionOf(article)) return;
  if (["group", "site"].includes(kindOf(shown))) return; // the security log records each reading of a group or site
  if (kindOf(shown) === "area" && performance.now() - readAt < AREA_MS) return;
  const isLast = newest === Infinity && drawn === "alerts";
  if (isLast) newest = 0;
  void (article.dataset.alert ? readAgain() : readPageAgain(article)).then(() => {
    // nothing was read, so the next drawing tries again
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
// After a form was sent. A refusal may mean that the alert has changed. While a form is being sent, the panel reads
// nothing.
document.addEventListener("may-be-old", () => catchUp());
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], .menu[open]")) return;
  event.preventDefault();
  close();
});

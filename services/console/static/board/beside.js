// Shows an alert in a panel beside the list. The list, its selection and the focus stay.

import { isBusy, readAgain } from "/static/alert/alert.js";
import { readArticle } from "/static/alert/article.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const panel = element("beside");
const content = element("beside-content");
/** The alert that the panel shows; empty if the panel is closed. */
let shown = "";
/** @type {Map<string, HTMLElement>} the articles in which somebody has typed text that was not sent */
const unsent = new Map();

/** Opens the alert. If it is open already, the focus moves into the panel. @param {string} alert */
export async function open(alert) {
  if (shown === alert) return panel.focus();
  leave();
  shown = alert;
  /** @type {HTMLAnchorElement} */ (element("beside-page")).href = `/alerts/${alert}`;
  panel.hidden = false;
  mark();
  const kept = unsent.get(alert);
  const article = kept ?? await readArticle(alert, panel.dataset.prefix ?? "");
  if (shown !== alert) return;
  fail(article ? "" : sentence("not_shown"));
  content.replaceChildren(...(article ? [article] : []));
  content.scrollTop = 0;
  if (kept) void readAgain();
  if (!article) shown = "";
}

/** Closes the panel. The focus returns to the row. */
function close() {
  const isInside = panel.contains(document.activeElement);
  const row = rowOf(shown);
  leave();
  shown = "";
  panel.hidden = true;
  content.replaceChildren();
  mark();
  if (isInside) row?.focus();
}

/** Keeps the article if it has unsent text. */
function leave() {
  const article = /** @type {HTMLElement | null} */ (content.firstElementChild);
  if (!article || !shown) return;
  const fields = /** @type {NodeListOf<HTMLTextAreaElement>} */ (article.querySelectorAll("textarea"));
  if ([...fields].some((field) => field.value.trim())) unsent.set(shown, article);
  else unsent.delete(shown);
}

/** Reads the alert again if the list has a newer state of it. Also marks its row, because the list may be new. */
export function catchUp() {
  mark();
  const article = /** @type {HTMLElement | null} */ (content.firstElementChild);
  const newest = Number(rowOf(shown)?.dataset.sequence ?? 0);
  if (article && !isBusy() && newest > Number(article.dataset.sequence)) void readAgain();
}

/** Marks the row of the alert that is open. */
function mark() {
  for (const row of document.querySelectorAll(".alerts [aria-current]")) row.removeAttribute("aria-current");
  rowOf(shown)?.setAttribute("aria-current", "true");
}

/** @param {string} alert */
function rowOf(alert) {
  return alert ? /** @type {HTMLElement | null} */ (document.querySelector(`.alerts [data-key="${alert}"]`)) : null;
}

/** @param {string} text */
function fail(text) {
  const failure = element("beside-failure");
  failure.textContent = text;
  failure.hidden = !text;
}

element("beside-close").addEventListener("click", close);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], .menu[open]")) return;
  event.preventDefault();
  close();
});

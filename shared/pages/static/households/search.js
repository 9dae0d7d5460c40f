// The search for households. The criteria are in the request's body, because URLs are logged.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element, make, showText } from "/static/elements.js";
import { removeNotes } from "/static/field-notes.js";
import { sentence } from "/static/texts.js";
import { showWrong } from "/static/wrong-fields.js";

/** @type {Record<string, string>} */
let criteria = {};
const form = /** @type {HTMLFormElement} */ (element("search"));
let searches = 0; // number of the newest search; other answers are ignored

/** Starts a search. `forms.js` calls this function. @param {HTMLFormElement} form */
export async function submitted(form) {
  criteria = given(form);
  forget();
  if (Object.keys(criteria).length) await search(criteria, (results) => element("results").replaceChildren(results));
  else fail(sentence("nothing_given"));
}

/** Removes the persons of the last search, because the next search may fail. */
function forget() {
  searches++;
  element("results").replaceChildren();
  element("result-status").textContent = "";
  fail("");
}

element("search").addEventListener("reset", forget);
// A link can start the search at once. After "Back", a reload or the restoring of a tab, the search does not start:
// each search is logged, and too many searches are reported as unusual.
const [opening] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
if ("atOnce" in form.dataset && opening?.type === "navigate") void submitted(form);

/**
 * Reads the criteria. People type a personal number with spaces, so the spaces are removed.
 * @param {HTMLFormElement} form
 */
function given(form) {
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
  const filled = Object.fromEntries(fields.filter(([, value]) => value));
  if (filled.personal_number) filled.personal_number = filled.personal_number.replaceAll(" ", "");
  return filled;
}

/** @param {Record<string, string>} body @param {(results: DocumentFragment) => void} show */
async function search(body, show) {
  const own = ++searches;
  element("results").setAttribute("aria-busy", "true");
  try {
    const answer = await call("POST", "/registry/search", body);
    if (own !== searches) return;
    if (!answer.ok) return refused(await problem(answer));
    const results = make("template");
    results.innerHTML = await answer.text();
    fail("");
    element("result-status").textContent = results.content.querySelector("section")?.dataset.status ?? "";
    show(results.content);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    if (own === searches) fail(sentence("away"));
  } finally {
    if (own === searches) element("results").removeAttribute("aria-busy");
  }
}

/** @param {{text: string, body: Record<string, any>}} problem */
function refused({ text, body }) {
  fail(showWrong(form, body.errors ?? []) || text);
}

/** @param {string} text */
function fail(text) {
  if (!text) removeNotes(form);
  showText("failure", text);
}

element("results").addEventListener("click", ({ target }) => {
  const more = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("[data-cursor]")) : null;
  if (more) void search({ ...criteria, cursor: more.dataset.cursor ?? "" }, (results) => addRows(more, results));
});

/**
 * Adds the next page, and focuses its first household.
 * @param {HTMLElement} more
 * @param {DocumentFragment} results
 */
function addRows(more, results) {
  const added = [...results.querySelectorAll("tbody tr")];
  document.querySelector("#results tbody")?.append(...added);
  const next = results.querySelector("[data-cursor]");
  if (next) more.replaceWith(next);
  else more.remove();
  /** @type {HTMLElement | null | undefined} */ (added[0]?.querySelector("a"))?.focus();
}

// The key / moves to the first field. The arrow keys move between the field and the households.
/** @type {HTMLElement} */
let lastField = element("name");
element("search").addEventListener("focusin", ({ target }) => {
  if (target instanceof HTMLInputElement) lastField = target;
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
  const isAtStart = event.target instanceof HTMLInputElement && event.target.id === "name" && !event.target.value;
  if (event.key === "/" && (!isTyping || isAtStart)) {
    event.preventDefault();
    element("name").focus();
  }
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#results tbody a")]);
  const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isInField = event.target instanceof HTMLInputElement;
  const next =
    at < 0
      ? isInField && step === 1
        ? links[0]
        : undefined
      : at + (step ?? 0) < 0
        ? lastField
        : links[at + (step ?? 0)];
  if (!step || !next) return;
  event.preventDefault();
  next.focus();
});

// The filter of the list of alerts. The page's address contains the filter, so links, "Back" and "Forward" show the
// same list.

import { draw } from "/static/board/panels.js";
import { call, isNoAnswer, problem } from "/static/calls.js";
import { element, showText } from "/static/elements.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";

const dialog = /** @type {HTMLDialogElement} */ (element("filter"));
const form = /** @type {HTMLFormElement} */ (element("filter-form"));
const saving = /** @type {HTMLFormElement} */ (element("filter-save"));

function stated() {
  const pairs = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
  return new URLSearchParams(pairs.filter(([, value]) => value)).toString();
}

/** @param {string} query */
function apply(query) {
  if (query !== location.search.slice(1)) history.pushState(null, "", query ? `/?${query}` : "/");
  show();
}

function show() {
  dialog.close();
  fill();
  draw("alerts");
}

function fill() {
  const given = new URLSearchParams(location.search);
  for (const field of form.elements) {
    if (field instanceof HTMLInputElement && field.type === "checkbox")
      field.checked = given.getAll(field.name).includes(field.value);
    else if (field instanceof HTMLSelectElement && field.multiple)
      for (const option of field.options) option.selected = given.getAll(field.name).includes(option.value);
    else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
      field.value = given.get(field.name) ?? "";
  }
}

async function save() {
  const name = /** @type {HTMLInputElement} */ (element("filter-name"));
  if (await done("PUT", "/v1/filters", { name: name.value.trim(), query: stated() })) name.value = "";
}

/**
 * Sends the request, and returns true if it succeeded.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function done(method, path, body) {
  try {
    const answer = await call(method, path, body);
    fail(answer.ok ? "" : sentence("failed", { problem: (await problem(answer)).text }));
    if (answer.ok) element("saved-filters").dispatchEvent(new CustomEvent("outdated"));
    if (answer.ok && body) toast(sentence("saved"), "good");
    return answer.ok;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
    return false;
  }
}

/** @param {string} text */
function fail(text) {
  showText("filter-failure", text);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  apply(stated());
});
saving.addEventListener("submit", () => void save());
addEventListener("popstate", show);
document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("#filter-open")) dialog.showModal();
  if (target.closest("#filter-cancel")) dialog.close();
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a[data-filter-link]"));
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    apply(new URL(link.href).search.slice(1));
  }
  const removed = /** @type {HTMLElement | null} */ (target.closest("[data-remove-filter]"));
  if (removed) void done("DELETE", `/v1/filters/${removed.dataset.removeFilter}`);
});
fill();

// The operator's actions, on the page of an alert and in the panel beside the board's list. A form sends one call. The
// page then reads the alert again, and keeps the text in the other forms.

import { readArticle } from "/static/alert/article.js";
import { call, isNoAnswer, problem } from "/static/calls.js";
import { released, rested } from "/static/pressing.js";
import { refusal } from "/static/refusals.js";
import { sentence } from "/static/texts.js";
import { showWrong } from "/static/wrong-fields.js";

let isSending = false;

export function isBusy() {
  return isSending;
}

/** Sends a form. `forms.js` calls this function. @param {HTMLFormElement} form */
export async function submitted(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  if (button.disabled) return; // pressed twice, before this script was loaded
  button.disabled = isSending = true;
  try {
    const answer = await call(form.dataset.method ?? "PUT", form.dataset.path ?? "", body(form));
    if (answer.ok) return await readAgain(form);
    const refused = await problem(answer);
    fail(form, refusal(refused));
    const wrong = showWrong(form, refused.body.errors ?? []);
    if (wrong) fail(form, wrong);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(form, sentence("away"));
  } finally {
    button.disabled = isSending = false;
    document.dispatchEvent(new Event("may-be-old"));
  }
}

/** Reads the alert again. Keeps the input of all forms, except of the sent form. @param {HTMLFormElement} [sent] */
export async function readAgain(sent) {
  const shown = /** @type {HTMLElement | null} */ (document.querySelector("article[data-alert]"));
  if (!shown) return;
  const prefix = prefixOf(shown);
  // `again`: the page was open already. The security log gets no entry for this read, because the person may have left.
  const fresh = await readArticle(`/alerts/${shown.dataset.alert}?again`, prefix);
  // at once after a form was sent, because the person waits for the result
  await (sent ? released() : rested());
  if (fresh && shown.isConnected) return replace(shown, fresh, sent);
  if (fresh)
    document.dispatchEvent(new Event("may-be-old")); // another call has replaced the page, perhaps by an older version
  // on the board, the list makes the panel read the alert again
  else if (!prefix) location.reload();
}

/** @param {HTMLElement} article */
function prefixOf(article) {
  return /** @type {HTMLElement | null} */ (article.closest("[data-prefix]"))?.dataset.prefix ?? "";
}

/**
 * Replaces the article. The focus and the typed text stay.
 * @param {HTMLElement} before
 * @param {HTMLElement} fresh
 * @param {HTMLFormElement} [sent]
 */
export function replace(before, fresh, sent) {
  // a disabled button has lost the focus, so the focus goes back to it
  const active = document.activeElement;
  const focused = active === document.body ? sent?.querySelector("button") : active;
  const same = focused && before.contains(focused) ? selector(focused) : undefined;
  for (const form of before.querySelectorAll("form.act:not(.tick)")) if (form !== sent) keep(form, fresh);
  for (const details of before.querySelectorAll("details[id][open]")) {
    if (!sent || !details.contains(sent)) fresh.querySelector(`#${details.id}`)?.setAttribute("open", "");
  }
  before.replaceWith(fresh);
  const refocused = focused && fresh.contains(focused) ? focused : same && fresh.querySelector(same);
  if (refocused instanceof HTMLElement) refocused.focus();
}

/** Returns a selector for the focused element in the next version of the page. @param {Element} focused */
function selector(focused) {
  const details = focused.closest("summary")?.parentElement;
  if (details) return `details:is([id="${details.id}"], :has([id="${details.querySelector("button")?.id}"])) > summary`;
  for (const name of ["aria-labelledby", "href", "id"]) {
    const value = focused.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return undefined;
}

/** @param {Element} form @param {Element} article */
function keep(form, article) {
  const fresh = article.querySelector(`#${form.querySelector("button")?.id}`)?.closest("form");
  const details = fresh?.closest("details");
  if (details) details.open = form.closest("details")?.open ?? false;
  fresh?.replaceWith(form);
}

// After a click on a telephone number, the form of the call opens with this number.
document.addEventListener("click", ({ target }) => {
  const number = target instanceof Element ? target.closest("a.telephone")?.closest("[data-number]") : undefined;
  const select = /** @type {HTMLSelectElement | null | undefined} */ (
    number?.closest("[data-calls]")?.querySelector("select[name=number_id]")
  );
  if (!number || !select) return;
  select.value = number.getAttribute("data-number") ?? "";
  select.closest("details")?.setAttribute("open", "");
});

/**
 * Makes the body of the call. A dot in a field's name makes an object. Empty fields are left out.
 * @param {HTMLFormElement} form
 */
function body(form) {
  /** @type {Record<string, any>} */
  const whole = {};
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim();
    if (!text) continue;
    const path = name.split(".");
    const last = /** @type {string} */ (path.pop());
    const within = path.reduce((object, part) => (object[part] ??= {}), whole);
    const isNumber = form.querySelector(`[name="${name}"][data-kind=number]`) !== null;
    within[last] = isNumber ? Number(text) : text;
  }
  return whole;
}

/** @param {HTMLFormElement} form @param {string} text */
function fail(form, text) {
  const failure = /** @type {HTMLElement} */ (form.querySelector(".failure"));
  failure.textContent = text;
  failure.hidden = false;
  failure.scrollIntoView({ block: "nearest" });
}

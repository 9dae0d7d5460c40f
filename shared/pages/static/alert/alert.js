// The operator's actions on the page of one alert.
// Each form makes one call, and then the page is loaded again.
// Text that was typed in another form of the page is kept.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { refusal } from "/static/refusals.js";
import { sentence } from "/static/texts.js";
import { showWrong } from "/static/wrong-fields.js";

/** Whether a form is being sent; the page is read again after that. */
let isSending = false;

export function isBusy() {
  return isSending;
}

/** Called by `forms.js` when a form is submitted. @param {HTMLFormElement} form */
export async function submitted(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  if (button.disabled) return; // the button was pressed twice before this script was loaded
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
    document.dispatchEvent(new Event("sent"));
  }
}

/** Shows the page as it is now, and keeps the forms that were not sent. @param {HTMLFormElement} [sent] */
export async function readAgain(sent) {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => undefined);
  if (!answer?.ok || answer.redirected) return location.reload();
  const main = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const before = document.querySelector("main");
  if (!main || !before) return location.reload();
  // the button that sent a form has lost the focus, because it was disabled
  const active = document.activeElement;
  const focused = active === document.body ? sent?.querySelector("button") : active;
  const same = focused && before.contains(focused) ? selector(focused) : undefined;
  for (const form of before.querySelectorAll("form.act:not(.tick)")) if (form !== sent) keep(form, main);
  for (const details of before.querySelectorAll("details[id][open]")) {
    if (!sent || !details.contains(sent)) main.querySelector(`#${details.id}`)?.setAttribute("open", "");
  }
  before.replaceWith(main);
  const refocused = focused && main.contains(focused) ? focused : same && main.querySelector(same);
  if (refocused instanceof HTMLElement) refocused.focus();
}

/** Finds in a new version of the page the element that had the focus. @param {Element} focused */
function selector(focused) {
  const details = focused.closest("summary")?.parentElement;
  if (details) return `details:is([id="${details.id}"], :has([id="${details.querySelector("button")?.id}"])) > summary`;
  for (const name of ["aria-labelledby", "href", "id"]) {
    const value = focused.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return undefined;
}

/** @param {Element} form @param {Element} main */
function keep(form, main) {
  const fresh = main.querySelector(`#${form.querySelector("button")?.id}`)?.closest("form");
  const details = fresh?.closest("details");
  if (details) details.open = form.closest("details")?.open ?? false;
  fresh?.replaceWith(form);
}

// When a number is dialled, the form of the call opens with this number.
document.addEventListener("click", ({ target }) => {
  const number = target instanceof Element ? target.closest("a.telephone")?.closest("[data-number]") : undefined;
  const key = number?.closest("[data-calls]")?.getAttribute("data-calls");
  const select = /** @type {HTMLSelectElement | null} */ (document.getElementById(`number-${key}`));
  if (!number || !select) return;
  select.value = number.getAttribute("data-number") ?? "";
  select.closest("details")?.setAttribute("open", "");
});

/** The form's fields as JSON: a dot in a name makes an object, empty fields are omitted. @param {HTMLFormElement} form */
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

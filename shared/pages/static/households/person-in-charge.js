// Shows the person in charge of a site on request. The registry logs each request.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { sentence } from "/static/texts.js";

document.addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement && target.dataset.site && target.parentElement)
    void show(target, target.parentElement);
});

/** @param {HTMLButtonElement} button @param {HTMLElement} person */
async function show(button, person) {
  button.disabled = true;
  try {
    const answer = await call("GET", `/registry/v1/sites/${button.dataset.site}/person-in-charge`);
    if (!answer.ok) return fail(button, (await problem(answer)).text);
    const { name, phone } = await answer.json();
    person.tabIndex = -1; // the focus was on the button, which is gone
    person.textContent = [name, phone].filter(Boolean).join(", ");
    person.focus();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(button, sentence("away"));
  }
}

/** @param {HTMLButtonElement} button @param {string} text */
function fail(button, text) {
  const failure = /** @type {HTMLElement} */ (button.parentElement?.querySelector(".failure"));
  failure.textContent = text;
  failure.hidden = false;
  button.disabled = false;
}

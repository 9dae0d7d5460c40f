// Shows the person in charge of a site on request, because every viewing is logged.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const person = element("person");
const button = /** @type {HTMLButtonElement} */ (person.querySelector("button"));

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const answer = await call("GET", `/registry/v1/sites/${button.dataset.site}/person-in-charge`);
    if (!answer.ok) return fail((await problem(answer)).text);
    const { name, phone } = await answer.json();
    person.tabIndex = -1; // the button that had the focus is removed
    person.textContent = [name, phone].filter(Boolean).join(", ");
    person.focus();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
  }
});

/** @param {string} text */
function fail(text) {
  const failure = /** @type {HTMLElement} */ (person.querySelector(".failure"));
  failure.textContent = text;
  failure.hidden = false;
  button.disabled = false;
}

// Draws a short code for a household without a code, and shows it.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const code = element("short-code");
const button = /** @type {HTMLButtonElement} */ (code.querySelector("button"));

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const answer = await call("POST", `/registry/v1/households/${button.dataset.household}/short-code`);
    if (answer.ok) show((await answer.json()).short_code);
    else fail((await problem(answer)).text);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
  }
});

/** Shows the code in groups of three letters, which are easy to read aloud. @param {string} drawn */
function show(drawn) {
  for (const part of [code, code.previousElementSibling]) part?.classList.remove("no-print");
  code.tabIndex = -1; // the focus was on the button, which is gone
  code.textContent = drawn.match(/.{3}/g)?.join("-") ?? "";
  code.focus();
}

/** @param {string} text */
function fail(text) {
  const failure = /** @type {HTMLElement} */ (code.querySelector(".failure"));
  failure.textContent = text;
  failure.hidden = false;
  button.disabled = false;
}

// Shows how many earlier reports of a readmitted team are held, and a button that accepts these reports.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("held"));
// the text for a failed request
const unavailable = form?.querySelector("#held-text")?.textContent ?? "";
const path = `/registry/v1/teams/${form?.dataset.team}/held`;

/** @param {string[]} sentences */
function say(...sentences) {
  element("held-text").textContent = sentences.join(" ");
}

/**
 * @param {"GET" | "POST"} method
 * @param {string} at
 * @returns {Promise<{count: number, problem?: undefined} | {problem: string}>}
 */
async function ask(method, at) {
  try {
    const answer = await call(method, at);
    return answer.ok ? await answer.json() : { problem: (await problem(answer)).text };
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return { problem: sentence("away") };
  }
}

/** @param {string[]} before */
async function look(...before) {
  const held = await ask("GET", path);
  if (held.problem !== undefined) return say(...before, unavailable);
  element("held-accept").hidden = !held.count;
  if (held.count) say(...before, sentence("waiting", { count: String(held.count) }));
  else say(...(before.length ? before : [sentence("none")]));
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (element("held-accept"));
  button.disabled = true;
  const accepted = await ask("POST", `${path}:accept`);
  if (accepted.problem !== undefined) say(sentence("failed", { problem: accepted.problem }));
  else await look(sentence("accepted", { count: String(accepted.count) })); // one request accepts at most 1,000 reports
  button.disabled = false;
});

if (form) {
  say(sentence("looking"));
  look().catch((error) => {
    say(unavailable);
    throw error;
  });
}

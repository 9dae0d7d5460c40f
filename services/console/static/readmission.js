// The held reports that a team's phones sent before its readmission: their number, and the button to accept them.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("held"));
const path = `/registry/v1/teams/${form?.dataset.team}/held`;

/** @param {string} name @param {Record<string, string>} [values] */
function say(name, values = {}) {
  element("held-text").textContent = (form?.dataset[name] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

/** @param {"GET" | "POST"} method @param {string} at @returns {Promise<number | undefined>} */
async function ask(method, at) {
  try {
    const answer = await call(method, at);
    if (answer.ok) return (await answer.json()).count;
    say("failed", { problem: (await problem(answer)).text });
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    say("failed", { problem: form?.dataset.away ?? "" });
  }
  return undefined;
}

async function look() {
  const count = await ask("GET", path);
  if (count === undefined) return;
  say(count ? "waiting" : "none", { count: String(count) });
  element("held-accept").hidden = !count;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (element("held-accept"));
  button.disabled = true;
  const count = await ask("POST", `${path}:accept`);
  button.disabled = false;
  if (count === undefined) return;
  button.hidden = true;
  say("accepted", { count: String(count) });
});

if (form) void look();

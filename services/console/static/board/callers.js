// Shows the person who reported a hazard by telephone. The server logs each read of these data.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const shown = /** @type {HTMLDialogElement} */ (element("caller"));

/** @param {string} report */
export async function showCaller(report) {
  const { caller, failure } = await ask(report);
  element("caller-facts").hidden = !caller;
  element("caller-failure").hidden = !failure;
  element("caller-failure").textContent = failure ?? "";
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (shown.querySelectorAll("[data-field]"))) {
    field.textContent = caller?.[field.dataset.field ?? ""] || "—";
  }
  shown.showModal();
}

/** @param {string} report @returns {Promise<{caller?: Record<string, string>, failure?: string}>} */
async function ask(report) {
  try {
    const answer = await call("GET", `/v1/callers/${report}`);
    if (answer.ok) return { caller: await answer.json() };
    const { status, text } = await problem(answer);
    return { failure: status === 404 ? sentence("no_caller") : sentence("caller_failed", { problem: text }) };
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return { failure: sentence("caller_away") };
  }
}

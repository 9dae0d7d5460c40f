// Who telephoned about a hazard, shown to whoever asks; the server records that they did.

import { call } from "/static/calls.js";
import { element } from "/static/elements.js";

/** @param {string} report */
export async function showCaller(report) {
  const shown = /** @type {HTMLDialogElement} */ (element("caller"));
  const answer = await call("GET", `/v1/callers/${report}`);
  const told = answer.ok ? await answer.json() : {};
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (shown.querySelectorAll("[data-field]"))) {
    field.textContent = told[field.dataset.field ?? ""] || (answer.ok ? "—" : shown.dataset.none ?? "");
  }
  shown.showModal();
}

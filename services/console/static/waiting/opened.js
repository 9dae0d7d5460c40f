// Opens a held report below its row, with all its fields. The registry logs each opening.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { make } from "/static/elements.js";
import { labels, labelOf, valueOf } from "/static/entry/report-values.js";
import { cell, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";
import { adoption } from "/static/waiting/adopting.js";

/** @typedef {import("/static/waiting/held.js").Held} Held */

/** @type {Set<string>} */
const beingRead = new Set();
const mayDecide = "decides" in (document.getElementById("waiting")?.dataset ?? {});

/**
 * Opens the report. A second call closes the report. `changed` is called after a decision.
 * @param {Held} report @param {HTMLTableRowElement} above @param {() => void} changed
 */
export async function open(report, above, changed) {
  const { outcome_id } = report;
  const below = above.nextElementSibling;
  if (below?.classList.contains("opened")) {
    below.remove();
    return showState(above, false);
  }
  if (beingRead.has(outcome_id)) return;
  beingRead.add(outcome_id);
  const opened = await content(outcome_id);
  beingRead.delete(outcome_id);
  const shown = /** @type {HTMLTableRowElement | null} */ (
    document.querySelector(`#held tr[data-key="${outcome_id}"]`)
  ); // the list may have been drawn again during the request
  if (!opened || !shown) return;
  const decision = mayDecide && report.is_adoptable ? [adoption(report, opened.households, changed)] : [];
  const made = row([cell(list(opened.report), sentence("opened"), ...decision)]);
  made.className = "opened";
  made.cells[0].colSpan = shown.cells.length;
  shown.after(made);
  showState(shown, true);
}

/** @param {HTMLTableRowElement} above @param {boolean} isOpen */
function showState(above, isOpen) {
  above.classList.toggle("is-opened", isOpen);
  const button = above.querySelector("button");
  if (button) button.textContent = sentence(isOpen ? "close" : "open");
}

/**
 * @param {string} id
 * @returns
 *   {Promise<{report: Record<string, any>, households: import("/static/waiting/adopting.js").Similar[]} | undefined>}
 */
async function content(id) {
  try {
    const answer = await call("GET", `/registry/v1/held/${id}`);
    if (answer.ok) return await answer.json();
    toast(sentence("failed", { problem: (await problem(answer)).text }), "bad");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("away"), "bad");
  }
  return undefined;
}

/**
 * Lists the fields. Fields with a label come first, in the labels' order.
 * @param {Record<string, any>} report
 */
export function list(report) {
  const made = make("dl", { className: "facts" });
  const others = Object.keys(report).filter((name) => name !== "kind" && !labels.has(name));
  for (const name of [...labels.keys(), ...others]) {
    const text = textOf(name, report[name]);
    if (!text) continue;
    made.append(make("dt", { textContent: labelOf(name) }), make("dd", { textContent: text }));
  }
  return made;
}

/**
 * Returns the value in words. Unknown values of a message that failed are shown unchanged.
 * @param {string} name
 * @param {any} content
 */
function textOf(name, content) {
  try {
    return valueOf(name, content);
  } catch {
    return JSON.stringify(content);
  }
}

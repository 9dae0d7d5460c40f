// Shows what became of the rows that were sent, as their receipts state it.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

const AT_ONCE = 100; // as intake allows
const AGAIN_MS = 1_000;
const LONGEST_MS = 120_000;
const SETTLED = ["recorded", "under_review", "refused"];
let shown = {}; // the rows that the page shows now

export function hideReceipts() {
  shown = {};
  element("receipts").textContent = "";
}

/** Asks until each report has a result, or the page shows other rows. @param {string[]} reports */
export async function showReceipts(reports) {
  hideReceipts();
  const own = shown = {};
  /** @type {Map<string, string>} */
  const states = new Map();
  const until = Date.now() + LONGEST_MS;
  while (shown === own && states.size < reports.length && Date.now() < until) {
    const open = reports.filter((report) => !states.has(report));
    for (let start = 0; start < open.length && shown === own; start += AT_ONCE) {
      for (const { report_id, state } of await receiptsOf(open.slice(start, start + AT_ONCE))) {
        if (SETTLED.includes(state)) states.set(report_id, state);
      }
      if (shown === own) draw(states, reports.length);
    }
    if (states.size < reports.length) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** @param {string[]} report_ids @returns {Promise<{report_id: string, state: string}[]>} */
async function receiptsOf(report_ids) {
  try {
    const answer = await call("POST", "/intake/v1/receipts", { report_ids });
    return answer.ok ? (await answer.json()).receipts : [];
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return [];
  }
}

/** @param {Map<string, string>} states @param {number} all */
function draw(states, all) {
  const [recorded, review, refused] = SETTLED.map((settled) => number.format([...states.values()].filter((state) => state === settled).length));
  element("receipts").textContent = sentence("receipts", { recorded, review, refused, open: number.format(all - states.size) });
}

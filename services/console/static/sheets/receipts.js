// Asks what became of the rows that were sent, as their receipts state it.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

const AT_ONCE = 100; // as intake allows
const AGAIN_MS = 1_000;
const LONGEST_MS = 120_000;
const SETTLED = ["recorded", "under_review", "refused"];

/** @typedef {{report_id: string, state: string, reason: string | null}} Receipt */

let shown = {}; // the rows that the page shows now

export function hideReceipts() {
  shown = {};
  element("receipts").textContent = "";
}

/**
 * Asks until each report has a result, or the page shows other rows. Calls `show` with the results that are known, each
 * time when a row is newly refused or waits for a person.
 * @param {string[]} reports @param {(results: Map<string, Receipt>) => void} show
 */
export async function showReceipts(reports, show) {
  hideReceipts();
  const own = shown = {};
  /** @type {Map<string, Receipt>} */
  const results = new Map();
  const until = Date.now() + LONGEST_MS;
  while (shown === own && results.size < reports.length && Date.now() < until) {
    const open = reports.filter((report) => !results.has(report));
    for (let start = 0; start < open.length && shown === own; start += AT_ONCE) {
      const settled = (await receiptsOf(open.slice(start, start + AT_ONCE))).filter(({ state }) => SETTLED.includes(state));
      for (const receipt of settled) results.set(receipt.report_id, receipt);
      if (shown !== own) return;
      draw(results, reports.length);
      if (settled.some(({ state }) => state !== "recorded")) show(results);
    }
    if (results.size < reports.length) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** @param {string[]} report_ids @returns {Promise<Receipt[]>} */
async function receiptsOf(report_ids) {
  try {
    const answer = await call("POST", "/intake/v1/receipts", { report_ids });
    return answer.ok ? (await answer.json()).receipts : [];
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return [];
  }
}

/** @param {Map<string, Receipt>} results @param {number} all */
function draw(results, all) {
  const states = [...results.values()].map(({ state }) => state);
  const [recorded, review, refused] = SETTLED.map((settled) => number.format(states.filter((state) => state === settled).length));
  element("receipts").textContent = sentence("receipts", { recorded, review, refused, open: number.format(all - results.size) });
}

// Reads the receipts of the sent rows: the result of each row, and whether an alert followed.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

const AT_ONCE = 100; // limit of intake
const AGAIN_MS = 1_000;
const LONGEST_MS = 120_000;
const SETTLED = ["recorded", "under_review", "refused"];

/** @typedef {{report_id: string, state: string, reason: string | null, is_alerted: boolean | null}} Receipt */

let shown = {};

export function hideReceipts() {
  shown = {};
  element("receipts").textContent = "";
}

/**
 * Asks until each report has a result and an alert, for at most two minutes. Stops when the page shows other rows. If
 * only alerts are missing, the pauses grow, because most reports raise no alert. After each change, calls `show` with
 * all results.
 * @param {string[]} reports @param {(results: Map<string, Receipt>) => void} show
 */
export async function showReceipts(reports, show) {
  hideReceipts();
  const own = (shown = {});
  /** @type {Map<string, Receipt>} */
  const results = new Map();
  const until = Date.now() + LONGEST_MS;
  for (let pause = AGAIN_MS; shown === own && Date.now() < until; pause *= results.size < reports.length ? 1 : 2) {
    const open = reports.filter((report) => isAwaited(results.get(report)));
    if (!open.length) return;
    for (let start = 0; start < open.length && shown === own; start += AT_ONCE) {
      const settled = (await receiptsOf(open.slice(start, start + AT_ONCE))).filter(({ state }) =>
        SETTLED.includes(state),
      );
      if (shown !== own) return;
      const hasNews = settled.some((receipt) => isNews(receipt, results.get(receipt.report_id)));
      for (const receipt of settled) results.set(receipt.report_id, receipt);
      draw(results, reports.length);
      if (hasNews) show(results);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** True while a result or an alert may still come. @param {Receipt | undefined} receipt */
function isAwaited(receipt) {
  return !receipt || (receipt.state !== "refused" && !receipt.is_alerted);
}

/**
 * @param {Receipt} receipt
 * @param {Receipt | undefined} before
 */
function isNews({ state, is_alerted }, before) {
  return state !== (before?.state ?? "recorded") || Boolean(is_alerted) !== Boolean(before?.is_alerted);
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
  const [recorded, review, refused] = SETTLED.map((settled) =>
    number.format(states.filter((state) => state === settled).length),
  );
  const sums = sentence("receipts", { recorded, review, refused, open: number.format(all - results.size) });
  const alerted = [...results.values()].filter(({ is_alerted }) => is_alerted).length;
  element("receipts").textContent = alerted
    ? `${sums}. ${sentence("alerted_sum", { alerted: number.format(alerted) })}`
    : sums;
}

// Asks for the receipt of a sent report, and shows its result.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence, words } from "/static/texts.js";

const AGAIN_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Asks until the receipt has a result, and shows the result. Returns undefined without a result in time, or if the form
 * already shows another report.
 * @param {string} report @param {number} version
 * @returns {Promise<string | undefined>}
 */
export async function showReceipt(report, version) {
  const shown = element("answer-receipt");
  shown.textContent = element("answer-alerted").textContent = "";
  const until = Date.now() + LONGEST_MS;
  while (Date.now() < until) {
    const receipt = await answerOf(`/intake/v1/receipts/${report}`);
    if (!isShown(report)) return undefined;
    if (receipt && (receipt.version ?? 0) >= version) {
      shown.textContent = resultOf(receipt);
      return receipt.state;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  shown.textContent = sentence("receipt_received");
  return undefined;
}

/** Shows the alert that followed from the report, while the page shows the report. @param {string} report */
export async function showAlert(report) {
  const until = Date.now() + LONGEST_MS;
  while (Date.now() < until && isShown(report)) {
    const receipt = await answerOf(`/intake/v1/receipts/${report}`);
    if (receipt?.is_alerted && isShown(report)) {
      element("answer-alerted").textContent = sentence("receipt_alerted");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** @param {string} report */
export function isShown(report) {
  return element("answer").dataset.report === report && !element("answer").hidden;
}

/** Returns undefined without an answer, or if the request was refused. @param {string} path */
export async function answerOf(path) {
  try {
    const answer = await call("GET", path);
    return answer.ok ? await answer.json() : undefined;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return undefined;
  }
}

/** @param {{state: string, reason: string | null}} receipt */
function resultOf({ state, reason }) {
  const result = sentence(`receipt_${state}`, { reason: words("refusals")[reason ?? ""] ?? "" });
  return [result, state !== "refused" && words("advice")[reason ?? ""]].filter(Boolean).join(" ");
}

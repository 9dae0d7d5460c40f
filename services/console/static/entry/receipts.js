// Shows the result of a report that was sent from a form, as its receipt states it.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence, words } from "/static/texts.js";

const AGAIN_MS = 500;
const LONGEST_MS = 15_000;

/** Asks until the receipt of this version has a result. @param {string} report @param {number} version */
export async function showReceipt(report, version) {
  const shown = element("answer-receipt");
  shown.textContent = "";
  const until = Date.now() + LONGEST_MS;
  while (Date.now() < until) {
    const receipt = await ask(report);
    if (element("answer-id").textContent !== report || element("answer").hidden) return; // the form shows another count
    if (receipt && (receipt.version ?? 0) >= version) return void (shown.textContent = resultOf(receipt));
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** @param {string} report */
async function ask(report) {
  try {
    const answer = await call("GET", `/intake/v1/receipts/${report}`);
    return answer.ok ? await answer.json() : undefined;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return undefined;
  }
}

/** @param {{state: string, reason: string | null}} receipt */
function resultOf({ state, reason }) {
  return sentence(`receipt_${state}`, { reason: words("refusals")[reason ?? ""] ?? "" });
}

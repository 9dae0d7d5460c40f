// Explains why a movement is held or has no effect.

import { element } from "/static/elements.js";
import { answerOf, isShown } from "/static/entry/receipts.js";
import { sentence, words } from "/static/texts.js";

/** @typedef {{report_id: string, version: number, outcome: string, reason: string | null}} Version */

const EXPLAINED = ["held", "noted"];

/**
 * Shows the reason, unless the receipt already says what to do.
 * @param {{kind: string, subject: string}} about
 * @param {string} report
 * @param {number} version
 */
export async function showReason({ kind, subject }, report, version) {
  /** @type {Version[]} */
  const versions = (await answerOf(`/registry/v1/${kind}s/${subject}/history`))?.versions ?? [];
  const stored = versions.filter((each) => each.report_id === report && each.version === version).at(-1);
  if (!stored?.reason || stored.reason in words("advice") || !EXPLAINED.includes(stored.outcome) || !isShown(report))
    return;
  element("answer-receipt").textContent = sentence(`${stored.outcome}_because`, {
    reason: words("reasons")[stored.reason] ?? stored.reason,
  });
}

// Asks the centre what became of the sent reports, and keeps the answers with the reports.

import { account, isAnswered, isOver, isOwn, keep, kept, reports } from "./kept.js";
import { post } from "./outbox.js";

/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("./kept.js").Receipt} Receipt */

const MOST = 100;
const FINAL = ["recorded", "refused"];

/** Ask about the signed-in account's reports whose result is not final. Without an answer, the next call asks again. */
export async function askReceipts() {
  const known = account();
  const unsettled = reports().filter((report) => isAnswered(report) && isOwn(report) && !FINAL.includes(receiptOf(report)?.state ?? "")).slice(0, MOST);
  if (!known || isOver(known) || !unsettled.length) return;
  try {
    const answer = await post("/intake/v1/receipts", { report_ids: unsettled.map(({ body }) => body.report_id) }, known.token);
    if (answer.ok) for (const receipt of (await answer.json()).receipts) note(receipt);
  } catch {
    // the phone is offline
  }
}

/** @param {Receipt} receipt */
function note(receipt) {
  const report = kept(receipt.report_id);
  if (report && JSON.stringify(report.receipt) !== JSON.stringify(receipt)) keep({ ...report, receipt });
}

/** The receipt of the version that the phone has. The receipt of an earlier version says nothing about a correction. @param {Kept} report */
export function receiptOf({ body, receipt }) {
  return receipt && (receipt.version ?? 0) >= body.version ? receipt : undefined;
}

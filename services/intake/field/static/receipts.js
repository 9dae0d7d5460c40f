// Requests the receipts of the sent reports from the centre, and stores each receipt with its report.

import { keepCopy } from "./drafts.js";
import { account, endSignIn, isAnswered, isOver, isOwn, isRefused, keep, kept, receiptOf, reports } from "./kept.js";
import { post } from "./outbox.js";

/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("./kept.js").Receipt} Receipt */

const MOST = 100;
const ALERT_HOURS = 48; // an alert can follow when other reports about the same district come
const FIRST_MS = 25_000,
  LONGEST_MS = 900_000;
const SOON = 6; // this many requests follow quickly, because most reports are settled within minutes
let asked = 0; // number of requests since the author looked at the page
let nextAt = 0;
let turn = 0;
let open = 0; // number of reports without a final result at the last look

/** Receipts are requested at once when the author looks at the page. */
export function askReceiptsNow() {
  asked = nextAt = 0;
  return askReceipts();
}

/**
 * Request receipts of the account's reports without a final result, if the pause is over. The pause grows with each
 * request, because a report can be under review for days.
 */
export async function askReceipts() {
  const known = account();
  const unsettled = reports().filter((report) => isAnswered(report) && isOwn(report) && !isFinal(receiptOf(report)));
  if (unsettled.length > open) asked = nextAt = 0; // the author has sent another report
  open = unsettled.length;
  if (!known || isOver(known) || !open || performance.now() < nextAt) return;
  nextAt = performance.now() + pause(asked++);
  try {
    const answer = await post(
      "/intake/v1/receipts",
      { report_ids: inTurn(unsettled).map(({ clear }) => clear.report_id) },
      known.token,
    );
    if (answer.status === 401) endSignIn(known.token, "needsSignIn");
    if (answer.ok) for (const receipt of (await answer.json()).receipts) note(receipt);
  } catch {
    // the phone is offline
  }
}

/** @param {Receipt | undefined} receipt */
function isFinal(receipt) {
  const isAwaited =
    receipt?.is_alerted === false && Date.now() - Date.parse(receipt.settled_at ?? "") < ALERT_HOURS * 3_600_000;
  return receipt?.state === "refused" || (receipt?.state === "recorded" && !isAwaited);
}

/**
 * The pause has a random part, because many phones may lose their signal together.
 * @param {number} number
 */
function pause(number) {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, number + 1 - SOON)) * (0.75 + Math.random() / 2);
}

/** The reports take turns, because one request names at most MOST reports. @param {Kept[]} unsettled */
function inTurn(unsettled) {
  const parts = Math.ceil(unsettled.length / MOST),
    part = turn++ % parts;
  return unsettled.slice(part * MOST, (part + 1) * MOST);
}

/** @param {Receipt} receipt */
function note(receipt) {
  const report = kept(receipt.report_id);
  if (!report || JSON.stringify(report.receipt) === JSON.stringify(receipt)) return;
  // a full phone stores no copy of the refused report
  if (isRefused({ ...report, receipt })) void keepCopy(report).catch(() => {});
  keep({ ...report, receipt });
}

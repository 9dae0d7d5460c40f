// Requests the receipts of the sent reports from the centre, and stores each receipt with its report.

import { keepCopy } from "./drafts.js";
import { account, endSignIn, isAnswered, isOver, isOwn, isRefused, keep, kept, receiptOf, reports } from "./kept.js";
import { post } from "./outbox.js";

/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("./kept.js").Receipt} Receipt */

const MOST = 100;
const ALERT_HOURS = 48; // within this time, further reports from the same district can still cause an alert
const FIRST_MS = 25_000,
  LONGEST_MS = 900_000;
const SOON = 6; // number of requests with a short pause, because most reports are settled within minutes
let asked = 0; // number of requests since the author last looked at the page
let nextAt = 0;
let turn = 0;
let open = 0; // number of reports that had no final result at the last request

/** Request receipts without a pause, because the author has just opened the page. */
export function askReceiptsNow() {
  asked = nextAt = 0;
  return askReceipts();
}

/**
 * If the pause is over, request the receipts of all reports without a final result. Each request makes the pause
 * longer, because a report can be under review for days.
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
 * Return the pause in milliseconds. The random part spreads the requests of phones that regain their signal at the same
 * moment.
 * @param {number} number
 */
function pause(number) {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, number + 1 - SOON)) * (0.75 + Math.random() / 2);
}

/**
 * Return the reports for this request. A request may name at most MOST reports, so the reports take turns.
 * @param {Kept[]} unsettled
 */
function inTurn(unsettled) {
  const parts = Math.ceil(unsettled.length / MOST),
    part = turn++ % parts;
  return unsettled.slice(part * MOST, (part + 1) * MOST);
}

/** @param {Receipt} receipt */
function note(receipt) {
  const report = kept(receipt.report_id);
  if (!report || JSON.stringify(report.receipt) === JSON.stringify(receipt)) return;
  // on a full phone, there is no copy for a correction
  if (isRefused({ ...report, receipt })) void keepCopy(report).catch(() => {});
  keep({ ...report, receipt });
}

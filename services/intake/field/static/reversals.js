// Reverses a wrong movement that the phone has already sent. The author must state a reason.

import { sealReport } from "./centre-key.js";
import { element } from "./elements.js";
import { account, CHANGED, clearOf, isOwn, keep, kept, nextVersion } from "./kept.js";
import { nameOf } from "./labels.js";
import { recall } from "./sent-reports.js";
import { sendWaiting } from "./outbox.js";
import { tell } from "./page.js";
import { sentence } from "./texts.js";

/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("./kept.js").Body} Body */

const panel = element("reversal");
const reason = /** @type {HTMLTextAreaElement} */ (element("reversal-reason"));
/** @type {Kept | null} */
let wrong = null;
let isBusy = false;

export function listenToReversals() {
  element("reversal-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  element("reversal-later").addEventListener("click", hide);
  addEventListener(CHANGED, () => {
    if (wrong && !isOwn(wrong)) hide();
  }); // after a change of account, close the panel of the former account
}

/** @param {Kept} report @param {string} title the report's title in the list */
export function reverse(report, title) {
  if (wrong?.clear.report_id !== report.clear.report_id) reason.value = "";
  wrong = report;
  element("reversal-of").textContent = title;
  tell(element("reversal-failed"), "");
  panel.hidden = false;
  panel.scrollIntoView({ block: "center" });
  reason.focus({ preventScroll: true });
}

function hide() {
  wrong = null;
  reason.value = "";
  panel.hidden = true;
}

async function send() {
  // read the report again, because the centre may have answered since
  const latest = wrong && kept(wrong.clear.report_id);
  if (isBusy || !latest) return;
  isBusy = true;
  try {
    tell(element("reversal-failed"), await failureOf(latest));
  } catch {
    tell(element("reversal-failed"), sentence("full"));
  } finally {
    isBusy = false;
  }
}

/** Returns an error text, or an empty value. @param {Kept} report */
async function failureOf(report) {
  if (!reason.value.trim()) return `${nameOf(reason)}: ${sentence("missing")}`;
  const body = reversal(report, reason.value.trim()),
    author = account()?.name ?? "";
  const sealed = await sealReport(body, author);
  if (!sealed) return sentence("keyless");
  keep({
    clear: clearOf(body),
    sealed,
    account: report.account || author,
    state: "waiting",
    at: new Date().toISOString(),
  });
  hide();
  void sendWaiting();
  return "";
}

/**
 * Return the report of the reversal. The report repeats all fields of the movement that this phone still has. Missing
 * fields do no harm, because the movement never happened.
 * @param {Kept} report
 * @param {string} notes
 * @returns {Body}
 */
function reversal(report, notes) {
  const { origin: _, short_code: __, household_id, group_id, ...known } = { ...report.clear, ...recall(report) };
  const status = element("main").dataset.status ?? "Actual";
  return {
    occurred_at: report.at, // for a report of an earlier release, which stored no `occurred_at`
    // JSON leaves out undefined fields
    ...JSON.parse(JSON.stringify({ ...known, ...(known.kind === "group_movement" ? { group_id } : { household_id }) })),
    version: nextVersion(report),
    status,
    reported_at: new Date().toISOString(),
    is_reversed: true,
    notes,
  };
}

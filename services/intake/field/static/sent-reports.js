// Keeps sent reports in this page's memory only, so that the author can correct or copy a report.

import { isOwn, reports } from "./kept.js";

/** @typedef {import("./kept.js").Body} Body */

/** @type {Map<string, {body: Body, at: string}>} */
const sent = new Map();
/** @type {Body | null} */
let household = null;

/** @param {Body} body @param {string} at when the author sent the report */
export function remember(body, at) {
  sent.set(body.report_id, { body, at });
  if (body.kind === "household") household = body;
}

/**
 * Undefined if this page no longer has the full report.
 * @param {import("./kept.js").Kept} report
 * @returns {Body | undefined}
 */
export function recall({ clear, at }) {
  const known = sent.get(clear.report_id);
  return known?.at === at ? { ...known.body, version: clear.version } : undefined;
}

/** Without the full report, the result has the fields that the list shows. */
export function lastHousehold() {
  return household ?? reports().find((report) => report.clear.kind === "household" && isOwn(report))?.clear;
}

/** Sent reports are forgotten, because another person may have the phone now. */
export function forgetAll() {
  sent.clear();
  household = null;
}

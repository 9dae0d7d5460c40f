// Remembers the full text of sent reports, so that the author can correct or copy a report. The text is only in this
// page's memory.

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

/**
 * Return the last household that this account reported. If the full report is gone, return only the fields that stay
 * readable on the phone.
 */
export function lastHousehold() {
  return household ?? reports().find((report) => report.clear.kind === "household" && isOwn(report))?.clear;
}

/** Forget all sent reports, because another person may use the phone next. */
export function forgetAll() {
  sent.clear();
  household = null;
}

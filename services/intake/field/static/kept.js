// Keeps the sign-in, the phone's id and the reports in local storage. The phone deletes a report some days after the
// centre has recorded the report. The fields about people are encrypted to the centre's key. The phone can send an
// encrypted report, but cannot read the report.

import { uuid } from "./uuid.js";

/**
 * @typedef {"waiting" | "accepted" | "spooled" | "duplicate" | "conflict" | "refused" | "unopened"} State
 * @typedef {{pointer: string, expected: string}} FieldError
 * @typedef {Record<string, any> & {report_id: string, version: number,
 *   kind: "household" | "group" | "household_movement" | "group_movement" | "hazard"}} Body
 * @typedef {{report_id: string, state: "received" | "recorded" | "under_review" | "refused", version: number | null,
 *   reason: string | null, is_alerted?: boolean | null, settled_at?: string | null}} Receipt
 * @typedef {Pick<Body, "report_id" | "version" | "kind"> & Record<string, any>} Clear the fields that stay readable on
 *   the phone: ids, short code, version, kind, districts, number of persons, and the time of the displacement or
 *   movement
 * @typedef {{clear: Clear, sealed?: import("./centre-key.js").Sealed, body?: Body, account: string, state: State,
 *   at: string, errors?: FieldError[], receipt?: Receipt}} Kept `sealed` is deleted when the centre has the report.
 *   Only an earlier release stored `body`.
 * @typedef {Pick<Kept, "clear" | "account" | "state" | "at">} Outline the fields that are not sealed
 * @typedef {{token: string, name: string, expires_at: string, isOver?: boolean, needsSignIn?: boolean,
 *   renewedAt?: number}} Account If `isOver` is true, the centre refused the sign-in for every report. If
 *   `needsSignIn` is true, the centre refused the sign-in for a hazard or for receipts, and may still accept other
 *   reports.
 */

export const CHANGED = "dayar-kept-changed";
const PREFIX = "dayar.report.";
const RECORDED_DAYS = 14;
// Reports that are not recorded stay on the phone for 90 days. A registrar may refuse a report after weeks, and the
// author must still be able to correct the report.
const OPEN_DAYS = 90;
const EARLY_MS = 3_600_000; // clocks may differ, so a sign-in ends on the phone one hour early
const ANSWERED = ["accepted", "spooled", "duplicate"];

/** @returns {Kept[]} newest first */
export function reports() {
  return /** @type {Kept[]} */ (keys().map(stored)).sort((a, b) => b.at.localeCompare(a.at));
}

/** @param {string} reportId @returns {Kept | null} */
export function kept(reportId) {
  return stored(PREFIX + reportId);
}

/** @param {string} key @returns {Kept | null} */
function stored(key) {
  const report = JSON.parse(localStorage.getItem(key) ?? "null");
  return report && !report.clear ? { ...report, clear: clearOf(report.body) } : report;
}

/**
 * Return the fields that stay readable on the phone. The times stay readable, because the form needs the times to
 * reverse a movement and to find contradictions.
 * @param {Body} body
 * @returns {Clear}
 */
export function clearOf(body) {
  if (body.kind === "hazard") return clearOfHazard(body);
  const {
    report_id,
    version,
    kind,
    household_id,
    short_code,
    household_code,
    group_id,
    movement,
    member_ids,
    persons,
    measure,
    origin,
    destination,
    occurred_at,
    occurred_at_precision,
    is_reversed,
  } = body;
  const moved = isMovementKind(kind)
    ? { persons: persons ?? member_ids?.length, is_reversed }
    : { persons, ...(measure === "flow" && { measure }) };
  return {
    report_id,
    version,
    kind,
    household_id,
    short_code,
    household_code,
    group_id,
    movement,
    origin,
    destination,
    occurred_at,
    occurred_at_precision,
    ...moved,
  };
}

/**
 * Return a hazard's fields without the author's words and the village. The other fields say nothing about persons. A
 * correction of the hazard begins with the fields that are returned here.
 * @param {Body} body
 * @returns {Clear}
 */
function clearOfHazard({ report_id, version, kind, type, severity, certainty, urgency, onset, origin, area, entered }) {
  const { pcodes, point } = area ?? {},
    affected = entered?.affected;
  return {
    report_id,
    version,
    kind,
    type,
    severity,
    certainty,
    urgency,
    onset,
    origin: origin ?? { pcode: pcodes?.[0] },
    area: { pcodes, point },
    entered: { affected },
  };
}

/**
 * @param {string} kind
 * @param {Body["kind"]} kind
 * @returns {kind is "household_movement" | "group_movement"}
 */
export function isMovementKind(kind) {
  return kind === "household_movement" || kind === "group_movement";
}

/** @param {Kept} report @returns {Outline} */
export function outlineOf({ clear, body, account, state, at }) {
  return { clear: clear ?? clearOf(/** @type {Body} */ (body)), account, state, at };
}

/** @param {Kept} report @throws {DOMException} if the phone's storage is full */
export function keep(report) {
  localStorage.setItem(PREFIX + report.clear.report_id, JSON.stringify(report));
  changed();
}

/** @param {Kept} report */
export function remove(report) {
  localStorage.removeItem(PREFIX + report.clear.report_id);
  changed();
}

export function changed() {
  dispatchEvent(new Event(CHANGED));
}

// Another tab has changed the storage.
addEventListener("storage", ({ key }) => {
  if (!key || key.startsWith("dayar.")) changed();
});

/**
 * Undefined if the receipt is about an earlier version than the stored report.
 * @param {Kept} report
 */
export function receiptOf({ clear, receipt }) {
  return receipt && (receipt.version ?? 0) >= clear.version ? receipt : undefined;
}

/** @param {Outline} report */
export function isAnswered(report) {
  return ANSWERED.includes(report.state);
}

/** Whether the report belongs to the signed-in account or to no account. @param {Outline} report */
export function isOwn(report) {
  return !report.account || isSameName(report.account, account()?.name);
}

/**
 * Compare account names like the centre: upper and lower case are equal.
 * @param {string} one
 * @param {string} [other]
 */
export function isSameName(one, other = "") {
  return one.toLowerCase() === other.toLowerCase();
}

/** @param {Kept} one @param {Kept} other */
export function isSame(one, other) {
  return one.at === other.at && one.clear.version === other.clear.version;
}

/** @param {Kept} report */
export function isRefused(report) {
  return ["refused", "conflict"].includes(report.state) || receiptOf(report)?.state === "refused";
}

/**
 * Return the version of a correction. Only if the centre already has the present version, the correction needs a new
 * version.
 * @param {Outline} report
 */
export function nextVersion(report) {
  return report.clear.version + (isAnswered(report) || report.state === "conflict" ? 1 : 0);
}

/** Remove old reports that the centre has, so that little data stays on the phone. */
export function forgetOld() {
  reports()
    .filter((report) => isAnswered(report) && isOld(report))
    .forEach(remove);
}

/**
 * A recorded report ages from the time of its receipt. A report that is not recorded ages from the time of writing.
 * @param {Kept} report
 */
function isOld(report) {
  const receipt = receiptOf(report),
    isRecorded = receipt?.state === "recorded";
  const since = (isRecorded && receipt?.settled_at) || report.at;
  return Date.now() - Date.parse(since) > (isRecorded ? RECORDED_DAYS : OPEN_DAYS) * 86_400_000;
}

/** @returns {Account | null} */
export function account() {
  return JSON.parse(localStorage.getItem("dayar.account") ?? "null");
}

/** Whether the sign-in has ended, because the centre refused it or because it has expired. @param {Account} known */
export function isOver(known) {
  return Boolean(known.isOver || known.needsSignIn) || !(Date.now() < Date.parse(known.expires_at) - EARLY_MS);
}

/** @param {Account | null} value */
export function setAccount(value) {
  if (value) localStorage.setItem("dayar.account", JSON.stringify(value));
  else localStorage.removeItem("dayar.account");
  changed();
}

/** @param {string | undefined} token @param {"isOver" | "needsSignIn"} state */
export function endSignIn(token, state) {
  const known = account();
  if (known && known.token === token && !known[state]) setAccount({ ...known, [state]: true });
}

/** True if the report waits until the author signs in again. @param {Kept} report */
export function awaitsSignIn({ state, clear }) {
  const known = account();
  return state === "waiting" && Boolean(known?.isOver || (known?.needsSignIn && clear.kind === "hazard"));
}

/** @returns {string} */
export function device() {
  const known = localStorage.getItem("dayar.device") ?? uuid();
  localStorage.setItem("dayar.device", known);
  return known;
}

/** The browser's settings can forbid local storage. */
export function canKeep() {
  try {
    return Boolean(device());
  } catch {
    return false;
  }
}

function keys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

// Send waiting reports, hazards first, and store the answers.

import { forgetKey, heardOf, sealReport } from "./centre-key.js";
import { discardCopy, keepCopy } from "./drafts.js";
import {
  account,
  endSignIn,
  isAnswered,
  isMovementKind,
  isRefused,
  isSame,
  isSameName,
  keep,
  kept,
  nextVersion,
  reports,
} from "./kept.js";
import { hasPin } from "./pin.js";

/** @typedef {import("./kept.js").Kept} Kept */

const PATIENCE_MS = 20_000;
const CONFLICT = 409;
const TOO_MANY = 429;
// The answers say nothing about the report: the request was too slow, requests were too many, or sealed reports are not
// accepted yet.
const LATER = [404, 405, 408, TOO_MANY];
const NO_SUCH_KEY = "urn:dayar:problem:no-such-phone-key";
let isSending = false;

/** Hazards are sent first, because hazards can raise alerts. After the hazards, the oldest report is sent first. */
export async function sendWaiting() {
  if (isSending) return;
  isSending = true;
  /** @type {Set<string>} */
  const passed = new Set();
  try {
    let report = next(passed);
    while (report && (await send(report, passed))) report = next(passed);
  } finally {
    isSending = false;
  }
}

/**
 * The report is read anew, because the author may have corrected it.
 * @param {Set<string>} passed reports that the centre did not take in this round
 */
function next(passed) {
  const known = account();
  if (!known || known.isOver) return undefined; // the centre decides whether to accept a report with an expired sign-in
  const waiting = reports()
    .reverse()
    .filter(
      (report) =>
        report.state === "waiting" && isSameName(report.account, known.name) && !passed.has(report.clear.report_id),
    );
  return waiting.find(isHazard) ?? waiting[0];
}

/** @param {Kept} report */
function isHazard({ clear }) {
  return clear.kind === "hazard";
}

/**
 * Returns whether the next report can be sent now. If the centre does not take a hazard now, other reports are sent
 * nevertheless. After a sign-in has expired, the centre refuses only hazards. An earlier release of the centre accepts
 * no hazards from phones at all.
 * @param {Kept} report
 * @param {Set<string>} passed
 */
async function send(report, passed) {
  const token = account()?.token;
  let answer;
  try {
    answer = await upload(report, token);
  } catch {
    return false;
  }
  if (answer.status === 401) endSignIn(token, isHazard(report) ? "needsSignIn" : "isOver");
  if (answer.status === 401 || LATER.includes(answer.status) || answer.status >= 500) {
    passed.add(report.clear.report_id);
    return isHazard(report) && answer.status !== TOO_MANY;
  }
  heardOf(answer.headers.get("dayar-phone-key"));
  settle(report, answer, await answer.json());
  return true;
}

/**
 * A report of an earlier release that is not sealed yet is sent unsealed.
 * @param {Kept} report
 * @param {string} [token]
 */
function upload({ clear, sealed, body }, token) {
  if (!sealed) return post("/intake/v1/displacements", /** @type {object} */ (body), token);
  return post(
    `/intake/v1/${pathOf(clear.kind)}:sealed`,
    { report_id: clear.report_id, version: clear.version, ...sealed },
    token,
  );
}

/** @param {import("./kept.js").Body["kind"]} kind */
function pathOf(kind) {
  if (kind === "hazard") return "hazards";
  return isMovementKind(kind) ? "movements" : "displacements";
}

/**
 * A correction that the author wrote meanwhile must still be sent. If the centre has the sent version, the correction
 * gets at least the next version.
 * @param {Kept} sent
 * @param {Response} answer
 * @param {{status: import("./kept.js").State, type?: string, errors?: import("./kept.js").FieldError[]}} result
 */
function settle(sent, answer, result) {
  const now = kept(sent.clear.report_id);
  if (!now) return;
  if (result.type === NO_SUCH_KEY) forgetKey(sent.sealed?.kid);
  if (isSame(now, sent))
    answered({
      ...now,
      ...(answer.ok && { sealed: undefined, body: undefined }),
      state: stateOf(answer, result),
      errors: result.errors,
    });
  else if (answer.ok || answer.status === CONFLICT)
    keep({ ...now, clear: { ...now.clear, version: Math.max(now.clear.version, sent.clear.version + 1) } });
}

/** @param {Kept} report */
function answered(report) {
  if (isAnswered(report)) discardCopy(report.clear.report_id);
  if (isRefused(report)) void keepCopy(report).catch(() => {}); // a full phone keeps only the sealed report
  keep(report);
}

/**
 * The next version is needed if the centre has other content under the present version.
 * @param {Kept} report
 */
export function sendAgain(report) {
  keep({ ...report, clear: { ...report.clear, version: nextVersion(report) }, state: "waiting", errors: undefined });
  void sendWaiting();
}

/**
 * @param {Response} answer
 * @param {{status: import("./kept.js").State, type?: string}} result
 * @returns {import("./kept.js").State}
 */
function stateOf(answer, result) {
  if (answer.ok) return result.status;
  if (answer.status === CONFLICT) return "conflict";
  return result.type === NO_SUCH_KEY ? "unopened" : "refused";
}

/** Reports that the centre could not open are sent again, because the centre may have its key now. */
export function retryUnopened() {
  for (const report of reports()) if (report.state === "unopened") keep({ ...report, state: "waiting" });
}

/**
 * Seal reports that an earlier release of Dayar stored without encryption. Reports are sealed for the centre, and
 * refused reports also for their author.
 */
export async function sealOld() {
  for (const report of reports()) if (report.body) await sealBody(report, report.body);
}

/** @param {Kept} report @param {import("./kept.js").Body} body */
async function sealBody(report, body) {
  try {
    if (isRefused(report)) {
      if (!hasPin()) return; // choosing the PIN is the next step
      await keepCopy(report);
    }
    const sealed = isAnswered(report) ? undefined : await sealReport(body, report.account);
    const now = kept(body.report_id);
    if (sealed !== null && now?.body && isSame(now, report)) keep({ ...now, body: undefined, sealed });
  } catch {
    // the phone is full, so the report is not sealed before it is sent
  }
}

/**
 * The centre uses the time by this phone's clock to correct the report's times.
 * @param {string} path
 * @param {object} body
 * @param {string} [token]
 * @param {RequestCredentials} [credentials]
 */
export function post(path, body, token, credentials = "omit") {
  return fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "dayar-clock": new Date().toISOString(),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    credentials,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

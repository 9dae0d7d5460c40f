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
// After these answers, the report stays waiting. The request was too slow, there were too many requests, or an old
// release of the centre does not accept encrypted reports.
const LATER = [404, 405, 408, TOO_MANY];
const NO_SUCH_KEY = "urn:dayar:problem:no-such-phone-key";
let isSending = false;

/**
 * Send all waiting reports. Hazards come first, because hazards can raise alerts. Older reports come before newer
 * reports.
 */
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
 * Return the next waiting report from the storage, because the author may have corrected reports since the last call.
 * @param {Set<string>} passed ids of the reports that have failed in this round
 */
function next(passed) {
  const known = account();
  // an expired sign-in is sent as well: the centre decides whether to accept the report
  if (!known || known.isOver) return undefined;
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
 * Send a report. Return true if the phone may send the next report now. If the centre does not accept a hazard now, the
 * phone continues with the next report, unless there were too many requests. With an expired sign-in, the centre
 * refuses only hazards. An old release of the centre refuses every hazard from phones.
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
 * A report without `sealed` is sent unencrypted. An earlier release stored this report, and this release could not seal
 * the report.
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
 * Store the centre's answer. The author may have stored a correction during the request. The correction stays waiting.
 * If the centre now has the sent report, the correction gets a higher version.
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
  if (isRefused(report)) void keepCopy(report).catch(() => {}); // on a full phone, there is no copy for a correction
  keep(report);
}

/**
 * Send a refused report again. After a conflict, the report gets the next version, because the centre has other content
 * under the present version.
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

/** Send the reports again that the centre could not open. The centre may have recovered its key since. */
export function retryUnopened() {
  for (const report of reports()) if (report.state === "unopened") keep({ ...report, state: "waiting" });
}

/**
 * Encrypt the reports that an earlier release of Dayar stored without encryption. The author gets an encrypted copy of
 * a refused report, for a correction.
 */
export async function sealOld() {
  for (const report of reports()) if (report.body) await sealBody(report, report.body);
}

/** @param {Kept} report @param {import("./kept.js").Body} body */
async function sealBody(report, body) {
  try {
    if (isRefused(report)) {
      if (!hasPin()) return; // the copy needs a PIN; after the choice of a PIN, `sealOld` runs again
      await keepCopy(report);
    }
    const sealed = isAnswered(report) ? undefined : await sealReport(body, report.account);
    const now = kept(body.report_id);
    if (sealed !== null && now?.body && isSame(now, report)) keep({ ...now, body: undefined, sealed });
  } catch {
    // On a full phone, the report stays unencrypted until the centre has the report.
  }
}

/**
 * Post JSON to the centre. The header `dayar-clock` has this phone's time, with which the centre corrects the report's
 * times.
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

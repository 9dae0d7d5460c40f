// Send waiting reports, oldest first, and store the answers.

import { forgetKey, heardOf, sealReport } from "./centre-key.js";
import { discardCopy, keepCopy } from "./drafts.js";
import { account, isAnswered, isMovementKind, isRefused, isSame, isSameName, keep, kept, nextVersion, reports, setAccount } from "./kept.js";
import { hasPin } from "./pin.js";

/** @typedef {import("./kept.js").Kept} Kept */

const PATIENCE_MS = 20_000;
const CONFLICT = 409;
// Answers that say nothing about the report: too slow, too many, or a centre that does not take sealed reports (yet).
const LATER = [404, 405, 408, 429];
const NO_SUCH_KEY = "urn:dayar:problem:no-such-phone-key";
let isSending = false;

/** Send waiting reports, oldest first, so that no correction overtakes the report that it corrects. */
export async function sendWaiting() {
  if (isSending) return;
  isSending = true;
  try {
    let report = oldest();
    while (report && (await send(report))) report = oldest();
  } finally {
    isSending = false;
  }
}

/** The oldest waiting report of the signed-in account. It is read anew, because the author may have corrected it. */
function oldest() {
  const known = account();
  if (!known || known.isOver) return undefined; // the centre decides whether to accept a report with an expired sign-in
  return reports().reverse().find((report) => report.state === "waiting" && isSameName(report.account, known.name));
}

/**
 * Send one report. Return whether the next report can be sent now.
 * @param {Kept} report
 */
async function send(report) {
  const token = account()?.token;
  let answer;
  try {
    answer = await upload(report, token);
  } catch {
    return false;
  }
  if (answer.status === 401) {
    const known = account();
    if (known && known.token === token) setAccount({ ...known, isOver: true });
    return false;
  }
  if (LATER.includes(answer.status) || answer.status >= 500) return false;
  heardOf(answer.headers.get("dayar-phone-key"));
  settle(report, answer, await answer.json());
  return true;
}

/** A report that an earlier release stored is sent as it is, if it is not sealed yet. @param {Kept} report @param {string} [token] */
function upload({ clear, sealed, body }, token) {
  if (!sealed) return post("/intake/v1/displacements", /** @type {object} */ (body), token);
  return post(`/intake/v1/${pathOf(clear.kind)}:sealed`, { report_id: clear.report_id, version: clear.version, ...sealed }, token);
}

/** @param {import("./kept.js").Body["kind"]} kind */
function pathOf(kind) {
  if (kind === "hazard") return "hazards";
  return isMovementKind(kind) ? "movements" : "displacements";
}

/**
 * Store the answer to a sent version. If the author corrected the report meanwhile, the correction must still be sent.
 * If the centre has the sent version, the correction gets at least the next version.
 * @param {Kept} sent
 * @param {Response} answer
 * @param {{status: import("./kept.js").State, type?: string, errors?: import("./kept.js").FieldError[]}} result
 */
function settle(sent, answer, result) {
  const now = kept(sent.clear.report_id);
  if (!now) return;
  if (result.type === NO_SUCH_KEY) forgetKey(sent.sealed?.kid);
  if (isSame(now, sent)) answered({ ...now, ...(answer.ok && { sealed: undefined, body: undefined }), state: stateOf(answer, result), errors: result.errors });
  else if (answer.ok || answer.status === CONFLICT) keep({ ...now, clear: { ...now.clear, version: Math.max(now.clear.version, sent.clear.version + 1) } });
}

/** @param {Kept} report */
function answered(report) {
  if (isAnswered(report)) discardCopy(report.clear.report_id);
  if (isRefused(report)) void keepCopy(report).catch(() => {}); // a full phone has the sealed report only
  keep(report);
}

/** Send a refused report again as it is. A number that has other content at the centre needs the next version. @param {Kept} report */
export function sendAgain(report) {
  keep({ ...report, clear: { ...report.clear, version: nextVersion(report) }, state: "waiting", errors: undefined });
  void sendWaiting();
}

/** @param {Response} answer @param {{status: import("./kept.js").State, type?: string}} result @returns {import("./kept.js").State} */
function stateOf(answer, result) {
  if (answer.ok) return result.status;
  if (answer.status === CONFLICT) return "conflict";
  return result.type === NO_SUCH_KEY ? "unopened" : "refused";
}

/** Send reports again that the centre could not open, because its key may be back. */
export function retryUnopened() {
  for (const report of reports()) if (report.state === "unopened") keep({ ...report, state: "waiting" });
}

/** Seal what an earlier release stored in clear: for the centre, and what was refused also for its author. */
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
    // the phone is full, so the report stays as it is until it is sent
  }
}

/**
 * Send a request with the time by this phone's clock. If the clock is wrong, the centre can correct the report's times.
 * @param {string} path
 * @param {object} body
 * @param {string} [token]
 * @param {RequestCredentials} [credentials] omitted by default, because the form has its own sign-in
 */
export function post(path, body, token, credentials = "omit") {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "dayar-clock": new Date().toISOString(), ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    credentials,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

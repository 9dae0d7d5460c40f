// Send waiting reports, oldest first, and store the answers.

import { account, isSame, isSameName, keep, kept, reports, setAccount } from "./kept.js";

/** @typedef {import("./kept.js").Kept} Kept */

const PATIENCE_MS = 20_000;
const CONFLICT = 409;
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
    answer = await post("/intake/v1/displacements", report.body, token);
  } catch {
    return false;
  }
  if (answer.status === 401) {
    const known = account();
    if (known && known.token === token) setAccount({ ...known, isOver: true });
    return false;
  }
  if (answer.status === 408 || answer.status === 429 || answer.status >= 500) return false; // try again later
  settle(report, answer, await answer.json());
  return true;
}

/**
 * Store the answer to a sent version. If the author corrected the report meanwhile, the correction must still be sent.
 * If the centre has the sent version, the correction gets at least the next version.
 * @param {Kept} sent
 * @param {Response} answer
 * @param {{status: import("./kept.js").State, errors?: import("./kept.js").FieldError[]}} result
 */
function settle(sent, answer, result) {
  const now = kept(sent.body.report_id);
  if (!now) return;
  if (isSame(now, sent)) keep({ ...now, state: stateOf(answer, result.status), errors: result.errors });
  else if (answer.ok || answer.status === CONFLICT) keep({ ...now, body: { ...now.body, version: Math.max(now.body.version, sent.body.version + 1) } });
}

/** @param {Response} answer @param {import("./kept.js").State} accepted */
function stateOf(answer, accepted) {
  if (answer.ok) return accepted;
  return answer.status === CONFLICT ? "conflict" : "refused";
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

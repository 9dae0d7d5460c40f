// What waits is sent, oldest first, and its answer is kept.

import { account, isSame, isSameName, keep, kept, reports, setAccount } from "./kept.js";

/** @typedef {import("./kept.js").Kept} Kept */

const PATIENCE_MS = 20_000;
const CONFLICT = 409;
let isSending = false;

/** Oldest first, so that no correction overtakes what it corrects. */
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

/** What its author, signed in, has waiting: looked for anew each time, as it may be corrected meanwhile. */
function oldest() {
  const known = account();
  if (!known || known.isOver) return undefined; // one whose time is over is sent all the same: the centre decides
  return reports().reverse().find((report) => report.state === "waiting" && isSameName(report.account, known.name));
}

/**
 * Whether to go on with the next one.
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
  if (answer.status === 408 || answer.status === 429 || answer.status >= 500) return false; // too slow, too many, ours: later
  settle(report, answer, await answer.json());
  return true;
}

/**
 * The answer is about what was sent: where it was corrected on the way, what the phone keeps is still to be sent,
 * as the next version once the centre has this one; another tab may be further than that.
 * @param {Kept} sent
 * @param {Response} answer
 * @param {{status: import("./kept.js").State, errors?: import("./kept.js").FieldError[]}} told
 */
function settle(sent, answer, told) {
  const now = kept(sent.body.report_id);
  if (!now) return;
  if (isSame(now, sent)) keep({ ...now, state: stateOf(answer, told.status), errors: told.errors });
  else if (answer.ok || answer.status === CONFLICT) keep({ ...now, body: { ...now.body, version: Math.max(now.body.version, sent.body.version + 1) } });
}

/** @param {Response} answer @param {import("./kept.js").State} told */
function stateOf(answer, told) {
  if (answer.ok) return told;
  return answer.status === CONFLICT ? "conflict" : "refused";
}

/**
 * With this phone's clock, so that the centre can correct what a wrong one wrote.
 * @param {string} path
 * @param {object} body
 * @param {string} [token]
 * @param {RequestCredentials} [credentials] the form has a sign-in of its own
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

// The centre's public key, to which reports are sealed. The phone stores the key, because the form must also work
// without signal.

import { account, isSameName } from "./kept.js";
import { decode, isPublicKey, seal } from "./sealing.js";

/** @typedef {{kid: string, public: string}} CentreKey `kid` begins with the time at which the key was made */
/**
 * @typedef {{kid: string, data: string, account?: string}} Sealed if the author was signed in, `account` is the id of
 *   the author's account
 */

const KEPT = "dayar.centre-key";
const INFO = "dayar/phone/v1\0";
const PATIENCE_MS = 20_000;
const AGAIN_MS = 12 * 3_600_000;
let readAt = -Infinity;
/** @type {CentreKey | null} */
let answered = null; // a full phone cannot store the key, so this page also keeps the key in memory

/** @returns {CentreKey | null} */
function known() {
  return answered ?? JSON.parse(localStorage.getItem(KEPT) ?? "null");
}

export function hasKey() {
  return Boolean(known());
}

/** Ask the centre for its key. The answer can be an older key, if the centre has lost its newest key. */
export async function renewKey() {
  if (performance.now() - readAt < AGAIN_MS && known()) return;
  try {
    const answer = await fetch("/intake/field/key", {
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { kid, public: point } = await answer.json();
    if (!answer.ok || !kid || !(await isPublicKey(point))) return;
    readAt = performance.now();
    answered = { kid, public: point };
    localStorage.setItem(KEPT, JSON.stringify(answered));
  } catch {
    // If the phone is offline or full, reports are sealed to the last known key.
  }
}

/** @param {string | null} kid */
export function heardOf(kid) {
  if (!kid || kid === known()?.kid) return;
  readAt = -Infinity;
  void renewKey();
}

/**
 * Forget a key that the centre no longer has. The centre could not open reports that are sealed to this key.
 * @param {string} [kid]
 */
export function forgetKey(kid) {
  if (kid !== known()?.kid) return;
  answered = null;
  localStorage.removeItem(KEPT);
  void renewKey();
}

/**
 * Encrypt a report to the centre's key. Even the phone cannot open the encrypted report. The version is not encrypted,
 * because the phone may have to raise the version. `entered` is left out, because only the form needs `entered`. The
 * seal names the author's account, and the centre opens the report only for this account. A stolen copy of the report
 * is therefore useless to another account.
 * @param {import("./kept.js").Body} body
 * @param {string} author the user name, or empty if nobody is signed in
 * @returns {Promise<Sealed | null>} null if the phone knows no key of the centre
 */
export async function sealReport(body, author) {
  const id = idOf(author); // read the id before the wait, because another account may sign in during the wait
  if (!known()) await renewKey();
  const key = known();
  if (!key) return null;
  const { report_id, version: _, entered: __, ...content } = body;
  const info = INFO + [key.kid, report_id, ...(id ? [id] : [])].join("\0");
  return { kid: key.kid, data: await seal(JSON.stringify(content), key.public, info), ...(id && { account: id }) };
}

/** Undefined if another account is signed in. @param {string} name @returns {string | undefined} */
function idOf(name) {
  const known = account();
  if (!known || !isSameName(name, known.name)) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(decode(known.token.split(".")[1]))).sub;
  } catch {
    return undefined; // the token is not from this centre, so the centre will ask for a new sign-in
  }
}

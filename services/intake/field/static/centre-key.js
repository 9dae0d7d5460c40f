// The centre's public key, to which reports are sealed. The phone stores the key that the centre sent last, because the
// form also works without signal.

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
let answered = null; // the key is kept in memory, because a full phone cannot store the key

/** @returns {CentreKey | null} */
function known() {
  return answered ?? JSON.parse(localStorage.getItem(KEPT) ?? "null");
}

export function hasKey() {
  return Boolean(known());
}

/** A centre that lost its newest key answers with an older key than before. */
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
    // the phone is offline or full, so reports are sealed to the key that the phone knows
  }
}

/** @param {string | null} kid */
export function heardOf(kid) {
  if (!kid || kid === known()?.kid) return;
  readAt = -Infinity;
  void renewKey();
}

/** The centre does not have the key, so nothing more may be sealed to the key. @param {string} [kid] */
export function forgetKey(kid) {
  if (kid !== known()?.kid) return;
  answered = null;
  localStorage.removeItem(KEPT);
  void renewKey();
}

/**
 * The phone cannot open a sealed report again. The version stays outside the sealed part, because the phone may have to
 * raise the version. `entered` is not sealed, because only the form needs it. The seal names the author's account. Even
 * if somebody has copied the phone's storage, the centre does not open the report for another account.
 * @param {import("./kept.js").Body} body
 * @param {string} author the user name, or empty if nobody is signed in
 * @returns {Promise<Sealed | null>} null if the phone knows no key of the centre
 */
export async function sealReport(body, author) {
  const id = idOf(author); // the id is read before the wait, because another account may sign in meanwhile
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
    return undefined; // the token is not from this centre, so the centre will ask for another sign-in
  }
}

// The centre's public key, to which reports are sealed. The newest known key is on the phone, for places without signal.

import { seal } from "./sealing.js";

/** @typedef {{kid: string, public: string}} CentreKey `kid` begins with the time at which the key was made */
/** @typedef {{kid: string, data: string}} Sealed */

const KEPT = "dayar.centre-key";
const INFO = "dayar/phone/v1\0";
const PATIENCE_MS = 20_000;
const AGAIN_MS = 12 * 3_600_000;
let readAt = -Infinity;

/** @returns {CentreKey | null} */
function known() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "null");
}

/** Ask for the newest key. Without a signal the service worker may answer with an older one. */
export async function renewKey() {
  if (performance.now() - readAt < AGAIN_MS && known()) return;
  try {
    const answer = await fetch("/intake/field/key", { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
    const key = await answer.json();
    if (!answer.ok) return;
    readAt = performance.now();
    if (key.kid > (known()?.kid ?? "")) localStorage.setItem(KEPT, JSON.stringify(key));
  } catch {
    // the phone is offline or full, so reports are sealed to the key that it knows
  }
}

/**
 * Seal a report, which the phone then cannot open again. The version stays outside, because the phone may have to raise it.
 * @param {import("./kept.js").Body} body
 * @returns {Promise<Sealed | null>} null if the phone knows no key
 */
export async function sealReport(body) {
  if (!known()) await renewKey();
  const key = known();
  if (!key) return null;
  const { report_id, version: _, ...content } = body;
  return { kid: key.kid, data: await seal(JSON.stringify(content), key.public, `${INFO}${key.kid}\0${report_id}`) };
}

// The PIN of this phone. Drafts are sealed to a key pair of the phone, whose private key is encrypted with the PIN.
// So writing a draft needs no PIN, and opening a stored draft does. No wrong PIN deletes anything.

import { bytes, decode, encode, keyPair, open, privateKeyOf, seal } from "./sealing.js";
import { randomBytes, uuid } from "./uuid.js";

/**
 * @typedef {{id: string, publicKey: string, salt: string, nonce: string, wrapped: string, rounds: number}} Pair
 * @typedef {{pair: string, data: string}} SealedDraft
 */

const KEPT = "dayar.pin"; // the key pairs, oldest first; there are several if a PIN was forgotten
const FAILURES = "dayar.pin.failures";
const INFO = "dayar/draft/v1\0";
const ROUNDS = 600_000;
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 30_000, LONGEST_WAIT_MS = 3_600_000;
/** @type {Map<string, CryptoKey>} */
const opened = new Map(); // only in the memory of this page

/** @returns {Pair[]} */
function pairs() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
}

export function hasPin() {
  return pairs().length > 0;
}

/** Digits that a finder of the phone would try first. @param {string} pin */
export function isGuessable(pin) {
  const steps = new Set([...pin].slice(1).map((digit, place) => Number(digit) - Number(pin[place])));
  return steps.size === 1 && [0, 1, -1].includes([...steps][0]);
}

/** Make a new key pair under this PIN. Drafts under an earlier PIN stay, and are opened with that PIN. @param {string} pin */
export async function choosePin(pin) {
  const { publicKey, privateKey } = await keyPair();
  const salt = randomBytes(16), nonce = randomBytes(12);
  const wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await keyOf(pin, salt, ROUNDS), privateKey);
  const pair = { id: uuid(), publicKey, salt: encode(salt), nonce: encode(nonce), wrapped: encode(new Uint8Array(wrapped)), rounds: ROUNDS };
  localStorage.setItem(KEPT, JSON.stringify([...pairs(), pair]));
  opened.set(pair.id, await privateKeyOf(privateKey.buffer));
}

/** Open the key pairs that are under this PIN. Return whether there are any. A try is counted before it is made. @param {string} pin */
export async function unlock(pin) {
  const { count } = failures();
  localStorage.setItem(FAILURES, JSON.stringify({ count: count + 1, at: Date.now() }));
  const found = await Promise.all(pairs().map((pair) => openPair(pair, pin)));
  if (!found.some(Boolean)) return false;
  localStorage.removeItem(FAILURES);
  return true;
}

/** @param {Pair} pair @param {string} pin */
async function openPair({ id, salt, nonce, wrapped, rounds }, pin) {
  try {
    const key = await keyOf(pin, decode(salt), rounds);
    opened.set(id, await privateKeyOf(await crypto.subtle.decrypt({ name: "AES-GCM", iv: decode(nonce) }, key, decode(wrapped))));
    return true;
  } catch {
    return false; // another PIN
  }
}

/** The seconds until the next try, which double with each wrong PIN. */
export function secondsToWait() {
  const { count, at } = failures();
  if (count < FREE_TRIES) return 0;
  const pause = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - FREE_TRIES));
  const passed = Date.now() - at;
  return Math.ceil(Math.max(0, passed < 0 ? pause : pause - passed) / 1000); // a clock set back does not shorten the wait
}

/** @returns {{count: number, at: number}} */
function failures() {
  return JSON.parse(localStorage.getItem(FAILURES) ?? '{"count":0,"at":0}');
}

/** Forget the opened keys, so that drafts need the PIN again. */
export function lock() {
  opened.clear();
}

/** @param {SealedDraft} sealed */
export function isOpen({ pair }) {
  return opened.has(pair);
}

/** @param {string} text @param {string} reportId @returns {Promise<SealedDraft>} */
export async function sealDraft(text, reportId) {
  const pair = pairs().slice(-1)[0];
  return { pair: pair.id, data: await seal(text, pair.publicKey, INFO + reportId) };
}

/** @param {SealedDraft} sealed @param {string} reportId */
export function openDraft({ pair, data }, reportId) {
  return open(data, /** @type {CryptoKey} */ (opened.get(pair)), INFO + reportId);
}

/** @param {string} pin @param {Uint8Array<ArrayBuffer>} salt @param {number} iterations */
async function keyOf(pin, salt, iterations) {
  const material = await crypto.subtle.importKey("raw", bytes(pin), "PBKDF2", false, ["deriveKey"]);
  const method = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(method, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

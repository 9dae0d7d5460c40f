// The PIN of this phone. Drafts are encrypted to the public key of a pair, and the PIN encrypts the private key of the
// pair. The phone can therefore store a draft without the PIN, but needs the PIN to open a draft. A wrong PIN deletes
// nothing.

import { account } from "./kept.js";
import { countTry, forgetTries } from "./pin-waits.js";
import { bytes, decode, encode, keyPair, open, privateKeyOf, seal } from "./sealing.js";
import { randomBytes, uuid } from "./uuid.js";

/**
 * @typedef {{id: string, publicKey: string, salt: string, nonce: string, wrapped: string, rounds: number}} Pair
 * @typedef {{pair: string, data: string}} SealedDraft
 */

const KEPT = "dayar.pin"; // key of the list of key pairs, oldest first; each forgotten PIN leaves a pair
// key of the pair of each account: colleagues who share the phone may have different PINs
const USED = "dayar.pin.used";
const INFO = "dayar/draft/v1\0";
const ROUNDS = 600_000;
/** @type {Map<string, CryptoKey>} */
const opened = new Map(); // opened keys are only in the memory of this page

/** @returns {Pair[]} */
function pairs() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
}

export function hasPin() {
  return pairs().length > 0;
}

/** True for equal or consecutive digits, which a finder of the phone would try first. @param {string} pin */
export function isGuessable(pin) {
  const steps = new Set([...pin].slice(1).map((digit, place) => Number(digit) - Number(pin[place])));
  return steps.size === 1 && [0, 1, -1].includes([...steps][0]);
}

/**
 * Make a key pair for a new PIN. Older drafts keep their earlier PIN.
 * @param {string} pin
 */
export async function choosePin(pin) {
  const { publicKey, privateKey } = await keyPair();
  const salt = randomBytes(16),
    nonce = randomBytes(12);
  const wrapped = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce },
    await keyOf(pin, salt, ROUNDS),
    privateKey,
  );
  const pair = {
    id: uuid(),
    publicKey,
    salt: encode(salt),
    nonce: encode(nonce),
    wrapped: encode(new Uint8Array(wrapped)),
    rounds: ROUNDS,
  };
  localStorage.setItem(KEPT, JSON.stringify([...pairs(), pair]));
  opened.set(pair.id, await privateKeyOf(privateKey.buffer));
  use(pair.id);
}

/**
 * Return true if the PIN is right. The try is counted before the check, so that a reload during the check cannot hide a
 * try.
 * @param {string} id
 * @param {string} pin
 */
export async function unlock(id, pin) {
  const pair = pairs().find((known) => known.id === id);
  if (!pair) return false;
  countTry(id);
  if (!(await openPair(pair, pin))) return false;
  forgetTries(id);
  use(id);
  return true;
}

/** @param {string} id */
function use(id) {
  try {
    localStorage.setItem(USED, JSON.stringify({ ...used(), [nameOf(account()?.name)]: id }));
  } catch {
    // On a full phone, the account continues to use its former pair.
  }
}

/** @returns {Record<string, string>} */
function used() {
  return JSON.parse(localStorage.getItem(USED) ?? "{}");
}

/** @param {string} [account] the name, empty without a sign-in */
function nameOf(account = "") {
  return account.toLowerCase();
}

/**
 * Return the key pair for the author's drafts: the author's own pair, else the pair that was used without a sign-in,
 * else the newest pair.
 * @param {string} author
 */
function pairOf(author) {
  const all = pairs(),
    chosen = used();
  const named = [nameOf(author), ""].map((name) => all.find(({ id }) => id === chosen[name]));
  return named.find(Boolean) ?? all[all.length - 1];
}

/** @param {Pair} pair @param {string} pin */
async function openPair({ id, salt, nonce, wrapped, rounds }, pin) {
  try {
    const key = await keyOf(pin, decode(salt), rounds);
    opened.set(
      id,
      await privateKeyOf(await crypto.subtle.decrypt({ name: "AES-GCM", iv: decode(nonce) }, key, decode(wrapped))),
    );
    return true;
  } catch {
    return false; // wrong PIN
  }
}

/** Forget the opened keys, so that opening a draft needs the PIN again. */
export function lock() {
  opened.clear();
}

/** @param {SealedDraft} sealed */
export function isOpen({ pair }) {
  return opened.has(pair);
}

/** @param {string} text @param {string} reportId @param {string} author @returns {Promise<SealedDraft>} */
export async function sealDraft(text, reportId, author) {
  const pair = pairOf(author);
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

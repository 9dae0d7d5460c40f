// Encrypts ("seals") texts with HPKE. Reports are sealed to the centre's key, and drafts to a key of this phone.

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "./hpke.js";

const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const ENCAPSULATED_BYTES = 65; // the length of an uncompressed point of P-256

/** False on a page without https, where browsers offer no encryption. */
export function canSeal() {
  return Boolean(globalThis.crypto?.subtle);
}

/**
 * Encrypt a text. `open` needs the same `info`.
 * @param {string} text
 * @param {string} publicKey
 * @param {string} info
 */
export async function seal(text, publicKey, info) {
  const recipientPublicKey = await suite.kem.deserializePublicKey(decode(publicKey).buffer);
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: bytes(info) }, bytes(text));
  return encode(new Uint8Array([...new Uint8Array(enc), ...new Uint8Array(ct)]));
}

/** @param {string} data @param {CryptoKey} recipientKey @param {string} info @returns {Promise<string>} */
export async function open(data, recipientKey, info) {
  const sealed = decode(data),
    enc = sealed.slice(0, ENCAPSULATED_BYTES).buffer;
  const text = await suite.open({ recipientKey, enc, info: bytes(info) }, sealed.slice(ENCAPSULATED_BYTES).buffer);
  return new TextDecoder().decode(text);
}

/** @param {unknown} text */
export async function isPublicKey(text) {
  try {
    return Boolean(await suite.kem.deserializePublicKey(decode(String(text)).buffer));
  } catch {
    return false; // the bytes are not a point of the curve
  }
}

/** The public key is text, and the private key is bytes. */
export async function keyPair() {
  const pair = await suite.kem.generateKeyPair();
  const [publicKey, privateKey] = [
    await suite.kem.serializePublicKey(pair.publicKey),
    await suite.kem.serializePrivateKey(pair.privateKey),
  ];
  return { publicKey: encode(new Uint8Array(publicKey)), privateKey: new Uint8Array(privateKey) };
}

/** @param {ArrayBuffer} raw @returns {Promise<CryptoKey>} */
export function privateKeyOf(raw) {
  return suite.kem.importKey("raw", raw, false);
}

/** @param {string} text */
export function bytes(text) {
  return new TextEncoder().encode(text);
}

/** Unpadded base64url. @param {Uint8Array} raw */
export function encode(raw) {
  return btoa(Array.from(raw, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** @param {string} text */
export function decode(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

// The short code of a household: 8 random characters of Crockford's Base32 and Crockford's check symbol. Other teams
// name the household by its short code.

import { randomBytes } from "./uuid.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MODULUS = 37;
const RANDOM_CHARACTERS = 8;

/**
 * A check symbol outside the alphabet would be hard to type, so a new code is drawn.
 * @returns {string}
 */
export function drawCode() {
  const start = [...randomBytes(RANDOM_CHARACTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
  const symbol = ALPHABET[remainder(start)];
  return symbol ? start + symbol : drawCode();
}

/**
 * The code as the centre writes codes, or an empty string if the typed code is wrong.
 * @param {string} typed
 */
export function codeIn(typed) {
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  const isWhole = code.length === RANDOM_CHARACTERS + 1 && [...code].every((character) => ALPHABET.includes(character));
  return isWhole && ALPHABET[remainder(code.slice(0, RANDOM_CHARACTERS))] === code.at(-1) ? code : "";
}

/** Three characters at a time are easy to read aloud. @param {string} code */
export function shownCode(code) {
  return code.match(/.{1,3}/g)?.join("-") ?? "";
}

/** Modulo 37. @param {string} start */
function remainder(start) {
  return [...start].reduce((value, character) => (value * ALPHABET.length + ALPHABET.indexOf(character)) % MODULUS, 0);
}

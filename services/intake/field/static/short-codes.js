// The short code of a household: 8 random characters of Crockford's Base32 and Crockford's check symbol. Another team
// types the code to report a movement of the household.

import { randomBytes } from "./uuid.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MODULUS = 37;
const RANDOM_CHARACTERS = 8;

/**
 * Draw a random code. Crockford's five additional check symbols are hard to type, so a code with such a symbol is drawn
 * again.
 * @returns {string}
 */
export function drawCode() {
  const start = [...randomBytes(RANDOM_CHARACTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
  const symbol = ALPHABET[remainder(start)];
  return symbol ? start + symbol : drawCode();
}

/**
 * Return the typed code in the centre's spelling, or an empty text if the code is wrong.
 * @param {string} typed
 */
export function codeIn(typed) {
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  const isWhole = code.length === RANDOM_CHARACTERS + 1 && [...code].every((character) => ALPHABET.includes(character));
  return isWhole && ALPHABET[remainder(code.slice(0, RANDOM_CHARACTERS))] === code.at(-1) ? code : "";
}

/** Return the code in groups of three characters, which are easy to read aloud. @param {string} code */
export function shownCode(code) {
  return code.match(/.{1,3}/g)?.join("-") ?? "";
}

/** Modulo 37. @param {string} start */
function remainder(start) {
  return [...start].reduce((value, character) => (value * ALPHABET.length + ALPHABET.indexOf(character)) % MODULUS, 0);
}

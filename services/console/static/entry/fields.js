// The fields of a form for telephone reports.

import { element } from "/static/elements.js";

/** @param {string} id */
export function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/**
 * @param {string} id
 * @returns {import("/static/combobox.js").Option[]}
 */
export function options(id) {
  /** @type {any[]} */
  const listed = JSON.parse(element(id).textContent ?? "[]");
  return listed.map((place) => ({
    value: place.value ?? place.pcode,
    name: place.name,
    above: place.parent_name,
    terms: place.terms,
  }));
}

/** @param {HTMLFormElement} form @param {string} name */
export function given(form, name) {
  return String(new FormData(form).get(name) ?? "").trim();
}

/** Makes a headline: one line of at most 150 characters, as the contract demands. @param {string} text */
export function line(text) {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= 150 ? flat : `${flat.slice(0, 149)}…`;
}

/** @param {string} code */
export function placeOf(code) {
  return isInCountry(code) ? { pcode: code } : { country: code };
}

/** True for a P-code; the code of a country has two letters. @param {string} code */
export function isInCountry(code) {
  return code.length > 2;
}

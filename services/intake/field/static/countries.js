// The form's field for a country abroad. The list of oblasts also offers the frequent countries. The author finds all
// other countries by a search.

import { Combobox } from "./combobox.js";
import { element } from "./elements.js";

const OTHER = "other";
const ABROAD = "XX"; // code for an unknown country abroad

/** @type {import("./combobox.js").Option[]} */
const countries = JSON.parse(element("countries").textContent ?? "[]");
const searches = new Map(
  ["origin", "destination"].map((name) => {
    const input = /** @type {HTMLInputElement} */ (element(`${name}-country`));
    return [name, new Combobox(input, countries)];
  }),
);

/** @param {() => void} save */
export function listenToCountries(save) {
  for (const search of searches.values()) {
    search.input.addEventListener("blur", () => {
      if (!search.chosen) search.clear(); // the text names no country of the list
      save();
    });
  }
}

/** @param {string} name */
function select(name) {
  return /** @type {HTMLSelectElement} */ (element(`${name}-oblast`));
}

/** The code of the chosen country or oblast. @param {string} name */
export function statedCode(name) {
  const { value } = select(name);
  return value === OTHER ? (searches.get(name)?.chosen?.value ?? ABROAD) : value;
}

/**
 * Shows a frequent country in the list of oblasts, and any other country in the search.
 * @param {string} name
 * @param {string} code
 */
export function showCountry(name, code) {
  const list = select(name);
  if (code && ![...list.options].some(({ value }) => value === code)) {
    list.value = OTHER;
    searches.get(name)?.set(code);
  } else list.value = code;
  showSearch(name);
}

/** @param {string} name */
function showSearch(name) {
  const isSearched = select(name).value === OTHER;
  if (!isSearched) searches.get(name)?.clear();
  /** @type {HTMLElement} */ (element(`${name}-country`).closest(".field")).hidden = !isSearched;
}

/** @param {string} code */
export function countryName(code) {
  const option = document.querySelector(`#origin-oblast option[value="${code}"]`);
  return option?.textContent ?? countries.find(({ value }) => value === code)?.name ?? code;
}

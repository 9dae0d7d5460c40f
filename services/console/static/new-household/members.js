// The list of the persons of a household: given name, sex, and age or year of birth. A new line follows the last one.

import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { sentence, words } from "/static/texts.js";
import { today } from "/static/time.js";
import { uuid } from "/static/uuid.js";

/** @typedef {{member_id: string, relationship?: string, family_name?: string, given_name?: string, sex?: string, age?: number, age_reported_on?: string, birth_year?: number}} Member */

const MOST = 60; // as the contract allows
const OLDEST = 130;
const FIRST_YEAR = 1900;

/** @returns {HTMLElement[]} */
function lines() {
  return /** @type {HTMLElement[]} */ ([...element("members").children]);
}

/** The fields of a line: given name, sex, and age or year of birth. @param {HTMLElement} line @returns {HTMLInputElement[]} */
function fields(line) {
  return [...line.querySelectorAll("input, select")].map((field) => /** @type {HTMLInputElement} */ (field));
}

/** @param {HTMLElement} line */
function isFilled(line) {
  return fields(line).some(({ value }) => value);
}

export function listen() {
  element("members").addEventListener("input", () => {
    const last = lines().at(-1);
    if (last && isFilled(last) && lines().length < MOST) add();
  });
  clear();
}

/** An empty list with its first line. */
export function clear() {
  element("members").replaceChildren();
  add();
}

/** The listed persons. @returns {Member[]} */
export function members() {
  return lines().filter(isFilled).map((line, place) => {
    const [name, sex, age] = fields(line).map(({ value }) => value.trim());
    const family = input("family-name").value.trim();
    fields(line)[0].dataset.pointer = `/members/${place}/`;
    return {
      member_id: line.dataset.id ?? "", ...(!place && { relationship: "head" }), ...(family && { family_name: family }), ...(name && { given_name: name }),
      ...(sex && { sex }), ...ageOf(Number(age), line.dataset.ageOn ?? ""),
    };
  });
}

/** @param {number} stated an age or a year @param {string} on the day on which the age was told */
function ageOf(stated, on) {
  if (stated >= FIRST_YEAR) return { birth_year: stated };
  return on ? { age: stated, age_reported_on: on } : {};
}

/** The fields whose value is neither an age nor a year of birth. */
export function wrongAges() {
  return lines().map((line) => fields(line)[2]).filter((age) => age.validity.badInput || (age.value && !isAge(Number(age.value))));
}

/** @param {number} stated */
function isAge(stated) {
  const year = Number(today().slice(0, 4));
  return Number.isInteger(stated) && ((stated >= 0 && stated <= OLDEST) || (stated >= FIRST_YEAR && stated <= year));
}

function add() {
  const line = document.createElement("li"), number = lines().length + 1;
  line.className = "listed";
  line.dataset.id = uuid();
  const name = Object.assign(document.createElement("input"), { maxLength: 100, autocomplete: "off" });
  const sex = document.createElement("select");
  for (const [code, text] of [["", "–"], ...Object.entries(words("sexes")).filter(([code]) => code !== "unknown")]) sex.append(new Option(text, code));
  const age = Object.assign(document.createElement("input"), { type: "number", inputMode: "numeric", min: "0", step: "1", autocomplete: "off" });
  age.addEventListener("input", () => { line.dataset.ageOn = age.value && Number(age.value) < FIRST_YEAR ? today() : ""; }); // an age is true on the day it was told
  line.append(...[[name, "given_name"], [sex, "sex_of"], [age, "age_of"]].map(([field, text]) => labelled(/** @type {HTMLElement} */ (field), sentence(String(text), { number }))));
  element("members").append(line);
}

/** @param {HTMLElement} field @param {string} text */
function labelled(field, text) {
  const made = document.createElement("label");
  made.append(text, field);
  return made;
}

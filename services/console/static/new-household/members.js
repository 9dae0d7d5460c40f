// The list of the persons of a household: given name, sex, and age or year of birth; in the full form more questions.
// A new line follows the last one.

import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { addDetails, answersOfAChild, FIRST_YEAR, hasDetails, offerQuestions, readDetails, writeDetails, wrongNumbers } from "/static/new-household/member-details.js";
import { sentence, words } from "/static/texts.js";
import { today } from "/static/time.js";
import { uuid } from "/static/uuid.js";

/** @typedef {{member_id: string, relationship?: string, family_name?: string, given_name?: string, sex?: string, age?: number, age_reported_on?: string, birth_date?: string, birth_year?: number, personal_number?: string, functioning?: Record<string, string>}} Member */

const MOST = 60; // as the contract allows
const OLDEST = 130;
/** The persons of the registered household that is corrected. @type {Map<string, Member>} */
const known = new Map();
let common = ""; // the family name that all of them have

/** @returns {HTMLElement[]} */
function lines() {
  return /** @type {HTMLElement[]} */ ([...element("members").children]);
}

/** The fields of a line: given name, sex, and age or year of birth. @param {HTMLElement} line @returns {HTMLInputElement[]} */
function fields(line) {
  return [...line.querySelectorAll(":scope > label > :is(input, select)")].map((field) => /** @type {HTMLInputElement} */ (field));
}

/** @param {HTMLElement} line */
function isFilled(line) {
  return "nameless" in line.dataset || fields(line).some(({ value }) => value) || hasDetails(line);
}

export function listen() {
  element("members").addEventListener("input", (event) => {
    const line = /** @type {HTMLElement} */ (event.target).closest("li");
    if (line) offerQuestions(line, fields(line)[2].value);
    const last = lines().at(-1);
    if (last && isFilled(last) && lines().length < MOST) add();
  });
  clear();
}

/** An empty list with its first line. */
export function clear() {
  known.clear();
  common = "";
  element("members").replaceChildren();
  add();
}

/** Shows the persons of a registered household. What the list has no field for is kept. @param {Member[]} persons */
export function fill(persons) {
  clear();
  const names = new Set(persons.map(({ family_name }) => family_name));
  input("family-name").value = common = (names.size === 1 && persons[0].family_name) || "";
  for (const person of persons) {
    const line = lines().at(-1) ?? element("members"), values = [person.given_name, person.sex === "unknown" ? "" : person.sex, ageShown(person)].map((value) => String(value ?? ""));
    known.set(person.member_id, person);
    line.dataset.id = person.member_id;
    fields(line).forEach((field, place) => { field.value = values[place]; });
    writeDetails(line, person);
    offerQuestions(line, values[2]);
    if (!values.some(Boolean)) line.dataset.nameless = ""; // this person stays in the list without a value
    add();
  }
}

/** @param {Member} person */
function ageShown({ birth_date, birth_year, age }) {
  return birth_year ?? birth_date?.slice(0, 4) ?? age;
}

/** The listed persons. @returns {Member[]} */
export function members() {
  return lines().filter(isFilled).map((line, place) => {
    const [name, sex, age] = fields(line).map(({ value }) => value.trim());
    const family = input("family-name").value.trim();
    fields(line)[0].dataset.pointer = `/members/${place}/`;
    const person = known.get(line.dataset.id ?? ""), { given_name, sex: stated, age: old, age_reported_on, birth_date, birth_year, relationship, personal_number, functioning, ...others } = person ?? { member_id: line.dataset.id ?? "" };
    const takesFamily = family && (!others.family_name || others.family_name === common);
    const isSameAge = person && age === String(ageShown(person) ?? "");
    return {
      ...(!place && !person && !line.dataset.preset && { relationship: "head" }), ...others, ...readDetails(line), ...(takesFamily && { family_name: family }), ...(name && { given_name: name }), ...(sex && { sex }),
      ...(isSameAge ? present({ age: old, age_reported_on, birth_date, birth_year }) : ageOf(Number(age), line.dataset.ageOn ?? "")),
    };
  });
}

/** The fields that have a value. @param {Record<string, any>} stated */
function present(stated) {
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined && value !== null));
}

/** @param {number} stated an age or a year @param {string} on the day on which the age was told */
function ageOf(stated, on) {
  if (stated >= FIRST_YEAR) return { birth_year: stated };
  return on ? { age: stated, age_reported_on: on } : {};
}

/** The personal numbers that do not have 14 digits. */
export function wrongPersonalNumbers() {
  return lines().flatMap(wrongNumbers);
}

/** The answers about functioning of children who are too young for these questions. A known age is as the registry has it. */
export function answersOfChildren() {
  return lines().flatMap((line) => {
    const person = known.get(line.dataset.id ?? ""), age = fields(line)[2].value.trim();
    return person && age === String(ageShown(person) ?? "") ? [] : answersOfAChild(line, age);
  });
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
  addDetails(line, number === 1 ? "head" : "");
  element("members").append(line);
}

/** @param {HTMLElement} field @param {string} text */
function labelled(field, text) {
  const made = document.createElement("label");
  made.append(text, field);
  return made;
}

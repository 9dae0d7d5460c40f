// The list of a household's persons. A line has the given name, the sex, and the birth date, birth year or age. The
// full form asks more about a person. When the last line is filled in, a new line appears.

import { ageOn, birthIn, birthOf, birthText, isBornAfter } from "/static/births.js";
import { element, make } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import {
  addDetails,
  answersOfAChild,
  hasDetails,
  offerQuestions,
  readDetails,
  writeDetails,
  wrongNumbers,
} from "/static/new-household/member-details.js";
import { sentence, words } from "/static/texts.js";
import { today } from "/static/time.js";
import { uuid } from "/static/uuid.js";

/**
 * @typedef {{member_id: string, relationship?: string, family_name?: string, given_name?: string, sex?: string,
 *   age?: number, age_reported_on?: string, birth_date?: string, birth_year?: number, personal_number?: string,
 *   functioning?: Record<string, string>}} Member
 */

const MOST = 60;
/** @type {Map<string, Member>} */
const known = new Map();
let common = ""; // the family name, if all registered persons have the same

/** @returns {HTMLElement[]} */
function lines() {
  return /** @type {HTMLElement[]} */ ([...element("members").children]);
}

/**
 * @param {HTMLElement} line
 * @returns {HTMLInputElement[]}
 */
function fields(line) {
  return [...line.querySelectorAll(":scope > label > :is(input, select)")].map(
    (field) => /** @type {HTMLInputElement} */ (field),
  );
}

/** @param {HTMLElement} line */
function isFilled(line) {
  return "nameless" in line.dataset || fields(line).some(({ value }) => value) || hasDetails(line);
}

export function listen() {
  element("members").addEventListener("input", (event) => {
    const line = /** @type {HTMLElement} */ (event.target).closest("li");
    if (line) offerQuestions(line, ageIn(line));
    const last = lines().at(-1);
    if (last && isFilled(last) && lines().length < MOST) add();
  });
  clear();
}

export function clear() {
  known.clear();
  common = "";
  element("members").replaceChildren();
  add();
}

/**
 * Fills the list. Values without a field in the list are kept.
 * @param {Member[]} persons
 */
export function fill(persons) {
  clear();
  const names = new Set(persons.map(({ family_name }) => family_name));
  input("family-name").value = common = (names.size === 1 && persons[0].family_name) || "";
  for (const person of persons) {
    const line = lines().at(-1) ?? element("members"),
      values = [person.given_name, person.sex === "unknown" ? "" : person.sex, birthText(person)].map((value) =>
        String(value ?? ""),
      );
    known.set(person.member_id, person);
    line.dataset.id = person.member_id;
    fields(line).forEach((field, place) => {
      field.value = values[place];
    });
    writeDetails(line, person);
    line.dataset.birth = JSON.stringify(birthIn(person));
    offerQuestions(line, ageIn(line));
    if (!values.some(Boolean)) line.dataset.nameless = ""; // a person without values stays in the list
    add();
  }
}

/** @returns {Member[]} */
export function members() {
  return lines()
    .filter(isFilled)
    .map((line, place) => {
      const [name, sex] = fields(line).map(({ value }) => value.trim());
      const family = input("family-name").value.trim();
      fields(line)[0].dataset.pointer = `/members/${place}/`;
      const person = known.get(line.dataset.id ?? ""),
        {
          given_name,
          sex: stated,
          age,
          age_reported_on,
          birth_date,
          birth_year,
          relationship,
          personal_number,
          functioning,
          ...others
        } = person ?? { member_id: line.dataset.id ?? "" };
      const takesFamily = family && (!others.family_name || others.family_name === common);
      return {
        ...(!place && !person && !line.dataset.preset && { relationship: "head" }),
        ...others,
        ...readDetails(line),
        ...(takesFamily && { family_name: family }),
        ...(name && { given_name: name }),
        ...(sex && { sex }),
        ...birth(line),
      };
    });
}

/** @param {HTMLElement} line @returns {import("/static/births.js").Birth} */
function birth({ dataset }) {
  return JSON.parse(dataset.birth ?? "{}");
}

/** @param {HTMLElement} line */
function ageIn(line) {
  return ageOn(birth(line), today());
}

/** Returns the fields without a valid personal number (14 digits). */
export function wrongPersonalNumbers() {
  return lines().flatMap(wrongNumbers);
}

/** Returns answers about children who are too young. A registered person with the registered age is left out. */
export function answersOfChildren() {
  return lines().flatMap((line) => {
    const person = known.get(line.dataset.id ?? "");
    return person && fields(line)[2].value.trim() === birthText(person) ? [] : answersOfAChild(line, ageIn(line));
  });
}

/** Returns the fields with an invalid or future birth date, birth year or age. */
export function wrongBirths() {
  return lines()
    .map((line) => fields(line)[2])
    .filter(({ value }) => isBornAfter(birthOf(value) ?? { birth_year: Infinity }, today()));
}

function add() {
  const line = make("li", { className: "listed" }),
    number = lines().length + 1;
  line.dataset.id = uuid();
  const name = make("input", { maxLength: 100, autocomplete: "off" });
  const sex = make("select");
  for (const [code, text] of [["", "–"], ...Object.entries(words("sexes")).filter(([code]) => code !== "unknown")])
    sex.append(new Option(text, code));
  const born = make("input", { maxLength: 10, autocomplete: "off", placeholder: "14.03.1985" });
  born.addEventListener("input", () => {
    line.dataset.birth = JSON.stringify(birthOf(born.value) ?? {});
  });
  line.append(
    ...[
      [name, "given_name"],
      [sex, "sex_of"],
      [born, "birth_of"],
    ].map(([field, text]) => labelled(/** @type {HTMLElement} */ (field), sentence(String(text), { number }))),
  );
  addDetails(line, number === 1 ? "head" : "");
  element("members").append(line);
}

/** @param {HTMLElement} field @param {string} text */
function labelled(field, text) {
  return make("label", {}, text, field);
}

// A birth date, a birth year or an age in one text field.

import { today } from "./time.js";

/**
 * @typedef {{birth_date?: string, birth_year?: number, age?: number, age_reported_on?: string}} Birth the fields of a
 *   report
 */

const FIRST_YEAR = 1900; // as in the contract; numbers up to OLDEST are ages
const LAST_YEAR = 2100;
const OLDEST = 130;
const DATES = [/^(\d{1,2})[.,/ -](\d{1,2})[.,/ -](\d{4})$/, /^(\d{2})(\d{2})(\d{4})$/];

/**
 * Parses `14.03.1985`, `14031985`, `1985`, or an age such as `41`. An age is stated for the present day.
 * @param {string} text
 * @returns {Birth | undefined} an empty object for an empty text; undefined for a text of another form
 */
export function birthOf(text) {
  const typed = text.trim(),
    number = /^\d{1,4}$/.test(typed) ? Number(typed) : undefined;
  if (!typed) return {};
  if (number === undefined) return dateOf(typed);
  if (number <= OLDEST) return { age: number, age_reported_on: today() };
  return isYear(number) ? { birth_year: number } : undefined;
}

/** Writes the most exact of the stated values. @param {Birth} birth */
export function birthText({ birth_date, birth_year, age }) {
  return birth_date ? birth_date.split("-").reverse().join(".") : String(birth_year ?? age ?? "");
}

/** @param {Birth} person @returns {Birth} */
export function birthIn({ birth_date, birth_year, age, age_reported_on }) {
  const stated = Object.entries({ birth_date, birth_year, age, age_reported_on });
  return Object.fromEntries(stated.filter(([, value]) => value !== undefined && value !== null));
}

/** @param {Birth} birth @returns {number | undefined} */
export function birthYear({ birth_date, birth_year }) {
  return birth_date ? Number(birth_date.slice(0, 4)) : birth_year;
}

/** @param {Birth} birth @param {string} day */
export function isBornAfter(birth, day) {
  return birth.birth_date ? birth.birth_date > day : (birthYear(birth) ?? 0) > Number(day.slice(0, 4));
}

/**
 * Returns the age on the day, by intake's rules. Returns undefined if nothing is stated.
 * @param {Birth} birth
 * @param {string} day
 */
export function ageOn({ birth_date, birth_year, age, age_reported_on }, day) {
  if (birth_date) return years(birth_date, day);
  if (birth_year !== undefined) return Number(day.slice(0, 4)) - birth_year;
  return age === undefined || !age_reported_on ? age : age + years(age_reported_on, day);
}

/** @param {string} since @param {string} until */
function years(since, until) {
  return Number(until.slice(0, 4)) - Number(since.slice(0, 4)) - (until.slice(5) < since.slice(5) ? 1 : 0);
}

/** @param {string} typed @returns {Birth | undefined} undefined if the calendar has no such date */
function dateOf(typed) {
  const [, day, month, year] = DATES.map((pattern) => pattern.exec(typed)).find(Boolean) ?? [];
  if (!isYear(Number(year))) return undefined;
  const date = [year, month.padStart(2, "0"), day.padStart(2, "0")].join("-"),
    moment = new Date(date);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(date) ? { birth_date: date } : undefined;
}

/** @param {number} number */
function isYear(number) {
  return number >= FIRST_YEAR && number <= LAST_YEAR;
}

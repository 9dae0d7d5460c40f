// Reads past times and days from the fields of a form.

import { read } from "/static/dates.js";
import { noon, today } from "/static/time.js";

const AHEAD_MS = 5 * 60_000; // a time further in the future than this is a typing error

/** Returns an invalid date for a text that is no time. @param {string} text */
export function moment(text) {
  return read(text) ?? new Date(NaN);
}

/** Returns an invalid date for a text that is no day. @param {string} text */
export function day(text) {
  // `moment` reads the text "12:00" as a time of today
  return text.trim() ? moment(`${text} 12:00`) : moment("");
}

/** @param {Date} moment */
export function isValid(moment) {
  return !Number.isNaN(moment.getTime());
}

/** @param {Date} moment */
export function isAhead(moment) {
  return moment.getTime() - Date.now() > AHEAD_MS;
}

/** @param {Date} day */
export function isAfterToday(day) {
  return day.getTime() > Date.parse(noon(today()));
}

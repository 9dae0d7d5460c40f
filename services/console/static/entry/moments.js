// The past moments and days that a form states.

import { read } from "/static/dates.js";
import { noon, today } from "/static/time.js";

const AHEAD_MS = 5 * 60_000; // a time that is further in the future is a typing error

/** An invalid date if the text is no moment. @param {string} text */
export function moment(text) {
  return read(text) ?? new Date(NaN);
}

/** An invalid date if the text is no day. @param {string} text */
export function day(text) {
  // without a day, `moment` would take 12:00 as a time of today
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

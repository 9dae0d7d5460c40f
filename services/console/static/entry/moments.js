// The times that a form for telephone reports states: a moment, or a day. The moment or day must be in the past.

import { read } from "/static/dates.js";
import { noon, today } from "/static/time.js";

const AHEAD_MS = 5 * 60_000; // a time that is further in the future than this is a typing error

/** The moment of `26.11.2026 21:47`; an invalid date if the text is no moment. @param {string} text */
export function moment(text) {
  return read(text) ?? new Date(NaN);
}

/** The noon of `26.11.2026`; an invalid date if the text is no day. @param {string} text */
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

/** @param {Date} day at noon */
export function isAfterToday(day) {
  return day.getTime() > Date.parse(noon(today()));
}

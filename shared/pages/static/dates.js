// Reads and writes dates and times in text fields: 24 hours, day before month, Bishkek time, in every language.

import { instant as instantOf, local } from "./time.js";

const DAY = /^(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2}))?[ ,]+(\d{1,2})[:.](\d{2})$/;
const CLOCK = /^(\d{1,2})[:.](\d{2})$/;

/** `26.11.2026 21:47`. @param {Date} moment */
export function written(moment) {
  const [day, time] = local(moment).split("T");
  return `${day.split("-").reverse().join(".")} ${time}`;
}

/**
 * Reads a date or time. A time without a date means today, and a date without a year means this year.
 * @param {string} text
 * @param {Date} [now]
 * @returns {Date | undefined} undefined if the text is not a date
 */
export function read(text, now = new Date()) {
  const typed = text.trim();
  const [year, month, day] = local(now).split("T")[0].split("-");
  const clock = CLOCK.exec(typed);
  if (clock) return instant(year, month, day, clock[1], clock[2]);
  const whole = DAY.exec(typed);
  if (!whole) return undefined;
  const given = whole[3] ?? year;
  return instant(given.length === 2 ? `20${given}` : given, whole[2], whole[1], whole[4], whole[5]);
}

/**
 * Returns undefined if the calendar does not have the date.
 * @param {...string} parts year, month, day, hour, minute
 */
function instant(...parts) {
  const [year, month, day, hour, minute] = parts.map((part) => part.padStart(2, "0"));
  const text = `${year}-${month}-${day}T${hour}:${minute}`;
  const moment = instantOf(text);
  return !Number.isNaN(moment.getTime()) && local(moment) === text ? moment : undefined;
}

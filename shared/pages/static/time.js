// Formats instants in Bishkek time. This file alone contains the time zone and its offset.

const ZONE = "Asia/Bishkek";
const OFFSET = "+06:00"; // the country has no summer time
const OFFSET_MS = 6 * 3_600_000;

/**
 * Returns a function that writes dates in digits. The default is Russian, because some browsers lack Kyrgyz.
 * @param {Intl.DateTimeFormatOptions} parts
 */
function digits(parts, language = "ru") {
  const format = new Intl.DateTimeFormat(language, { timeZone: ZONE, ...parts });
  return (/** @type {Date} */ moment) => format.format(moment);
}

const MINUTES = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit" });
const SECONDS = /** @type {const} */ ({ ...MINUTES, second: "2-digit" });
const DAY = /** @type {const} */ ({ day: "2-digit", month: "2-digit" });
const ENGLISH_DAY = /** @type {const} */ ({ day: "numeric", month: "short" }); // as in shared/pages/formats.py

/** Writes `26.11, 21:47`, and in English `26 Nov, 21:47`. @param {Intl.DateTimeFormatOptions} time */
function dayAnd(time) {
  const isEnglish = document.documentElement.lang === "en";
  return isEnglish ? digits({ ...ENGLISH_DAY, ...time }, "en-GB") : digits({ ...DAY, ...time });
}

/** `21:47` */
export const clock = digits(MINUTES);

/** `21:47:03` */
export const exactClock = digits(SECONDS);

/** `26.11, 21:47` */
export const dayAndClock = dayAnd(MINUTES);

/** `26.11, 21:47:03` */
export const dayAndExactClock = dayAnd(SECONDS);

/** Writes `26.11, 21:47`, or `26.11` without a known hour. @param {string} instant @param {string} precision */
export function timeOf(instant, precision) {
  const text = dayAndClock(new Date(instant));
  return precision === "hour" ? text : text.split(",")[0];
}

/** `2026-11-26T21:47` @param {Date} moment */
export function local(moment) {
  return new Date(moment.getTime() + OFFSET_MS).toISOString().slice(0, 16);
}

/** Reads a local time such as `2026-11-26T21:47`. For another text, returns an invalid date. @param {string} text */
export function instant(text) {
  return new Date(`${text}:00${OFFSET}`);
}

/** `2026-11-26` @param {Date} [now] */
export function today(now = new Date()) {
  return local(now).slice(0, 10);
}

/** Returns the noon of a day such as `2026-11-26`, in ISO 8601. @param {string} day */
export function noon(day) {
  return `${day}T12:00:00${OFFSET}`;
}

// How long ago a moment was, or how far ahead it is, in the reader's language, short enough for a wall screen.

/** @type {Record<string, {now: string, ahead: string, minute: string, hour: string, day: string}>} */
const UNITS = {
  ky: { now: "азыр эле", ahead: "{time} кийин", minute: "мүн", hour: "саат", day: "күн" },
  ru: { now: "только что", ahead: "через {time}", minute: "мин", hour: "ч", day: "дн" },
  en: { now: "just now", ahead: "in {time}", minute: "min", hour: "h", day: "d" },
};

/**
 * @param {string} moment an ISO instant
 * @param {Date} now
 * @param {string} language
 */
export function age(moment, now, language) {
  const units = UNITS[language] ?? UNITS.en;
  const minutes = Math.trunc((now.getTime() - Date.parse(moment)) / 60_000);
  if (minutes < 0) return units.ahead.replace("{time}", span(-minutes, units));
  return minutes ? span(minutes, units) : units.now;
}

/** @param {number} minutes @param {{minute: string, hour: string, day: string}} units */
function span(minutes, units) {
  if (minutes < 60) return `${minutes} ${units.minute}`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} ${units.hour} ${minutes % 60} ${units.minute}`;
  return `${Math.floor(minutes / 1440)} ${units.day} ${Math.floor((minutes % 1440) / 60)} ${units.hour}`;
}

// How long ago something was, in the reader's language: short, and never wider than the wall allows.

/** @type {Record<string, {now: string, minute: string, hour: string, day: string}>} */
const UNITS = {
  ky: { now: "азыр эле", minute: "мүн", hour: "с", day: "күн" },
  ru: { now: "только что", minute: "мин", hour: "ч", day: "дн" },
  en: { now: "just now", minute: "min", hour: "h", day: "d" },
};

/**
 * @param {string} moment an ISO instant
 * @param {Date} now
 * @param {string} language
 */
export function age(moment, now, language) {
  const units = UNITS[language] ?? UNITS.en;
  const minutes = Math.floor((now.getTime() - Date.parse(moment)) / 60_000);
  if (!(minutes >= 1)) return units.now;
  if (minutes < 60) return `${minutes} ${units.minute}`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} ${units.hour} ${minutes % 60} ${units.minute}`;
  return `${Math.floor(minutes / 1440)} ${units.day} ${Math.floor((minutes % 1440) / 60)} ${units.hour}`;
}

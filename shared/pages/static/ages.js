// Writes the time since a moment, or until a moment. The text is short enough for a wall screen.

import { sentence } from "./texts.js";

/** @param {string} moment an ISO instant @param {Date} now */
export function age(moment, now) {
  const minutes = Math.trunc((now.getTime() - Date.parse(moment)) / 60_000);
  if (minutes < 0) return sentence("age_ahead", { time: span(-minutes) });
  return minutes ? span(minutes) : sentence("age_now");
}

/** @param {number} minutes */
function span(minutes) {
  const hours = Math.floor(minutes / 60);
  if (!hours) return sentence("age_minutes", { minutes });
  if (hours < 24) return sentence("age_hours", { hours, minutes: minutes % 60 });
  return sentence("age_days", { days: Math.floor(hours / 24), hours: hours % 24 });
}

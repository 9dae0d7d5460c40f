// Gives the names of places and people on the page, and the time for which something has waited.

import { element } from "/static/elements.js";
import { options } from "/static/entry/fields.js";
import { sentence } from "/static/texts.js";

/** @typedef {{pcode?: string, country?: string}} Place */

const MINUTE_MS = 60_000, HOUR = 60, DAY = 48 * HOUR;
const units = new Map(options("places").map(({ value, name }) => [value, name]));
/** @type {Record<string, string>} */
const accounts = JSON.parse(element("names").textContent ?? "{}");

/** @param {string | null} account */
export function nameOf(account) {
  return account ? accounts[account] ?? account.slice(0, 8) : "–";
}

/** @param {Place | undefined} place @param {string} [locality] */
export function placeOf(place, locality) {
  const unit = place?.pcode ? units.get(place.pcode) ?? place.pcode : place && sentence("abroad");
  return [locality, unit].filter(Boolean).join(", ") || "–";
}

/** How long ago the moment is: in minutes, hours, or days from two days on. @param {string} moment */
export function age(moment) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(moment)) / MINUTE_MS));
  if (minutes < HOUR) return sentence("minutes", { count: minutes });
  return minutes < DAY ? sentence("hours", { count: Math.floor(minutes / HOUR) }) : sentence("days", { count: Math.floor(minutes / HOUR / 24) });
}

// The hazards that the field has reported in the last hours. Older reports are paler.

import { age } from "/static/ages.js";
import { element } from "/static/elements.js";
import { pointsOf } from "/static/map/features.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const HOUR_MS = 3_600_000;
const PALEST = 0.25; // opacity of the oldest report, still visible

/** @param {Feature[]} hazards @param {Date} now @returns {Feature[]} */
export function fieldReports(hazards, now) {
  const longest = Number(element("room").dataset.fieldHours) * HOUR_MS;
  return hazards.flatMap((hazard) => {
    const { is_from_field, received_at } = hazard.properties;
    const elapsed = (now.getTime() - Date.parse(received_at)) / longest;
    if (!is_from_field || elapsed > 1) return [];
    return [
      {
        ...hazard,
        properties: {
          ...hazard.properties,
          age: age(received_at, now),
          opacity: 1 - (1 - PALEST) * Math.max(0, elapsed),
        },
      },
    ];
  });
}

/**
 * Sorts the rings so that the newest are drawn above the others.
 * @param {Feature[]} reports
 * @returns {Feature[]}
 */
export function ringsOf(reports) {
  return reports
    .toSorted((a, b) => a.properties.opacity - b.properties.opacity)
    .flatMap((report) =>
      pointsOf(report.geometry).map((coordinates) => ({
        ...report,
        geometry: { type: /** @type {const} */ ("Point"), coordinates },
      })),
    );
}

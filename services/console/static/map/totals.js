// The totals beside the switches of the map's layers.

import { inRange } from "/static/map/lists.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

/**
 * Shows the sum of each layer, without places abroad, as on the board. `uncomputed` counts the earthquakes whose
 * intensity cannot be computed.
 * @param {import("/static/map/features.js").Layers} layers
 * @param {number} uncomputed
 */
export function showTotals(layers, uncomputed) {
  const { hazards, reports, alerts, returns, localities, sites } = layers;
  const here = layers.displaced?.filter(({ properties }) => !properties.country);
  const sum = (/** @type {Feature[]} */ features, /** @type {string} */ name) =>
    features.reduce((total, { properties }) => total + properties[name], 0);
  const persons = (/** @type {Feature[]} */ features) =>
    sentence("persons", { persons: inRange(sum(features, "counted_lowest"), sum(features, "counted_highest")) });
  const totals = {
    hazards: hazards && number.format(hazards.length),
    reports: reports && number.format(reports.length),
    alerts: alerts && number.format(alerts.length),
    households: here && sentence("persons", { persons: number.format(sum(here, "persons")) }),
    counted: here && persons(here),
    intensities:
      layers.intensities &&
      ([
        layers.intensities[0]?.properties.degree,
        uncomputed && sentence("uncomputed", { count: number.format(uncomputed) }),
      ]
        .filter(Boolean)
        .join("; ") ||
        sentence("none")),
    returns:
      returns &&
      sentence("returned", {
        persons: number.format(sum(returns, "persons")),
        counted: number.format(sum(returns, "counted")),
      }),
    localities: localities && persons(localities),
    sites: sites && number.format(sites.length),
  };
  for (const [name, total] of Object.entries(totals)) {
    const shown = document.getElementById(`total-${name}`);
    if (shown) shown.textContent = total ?? "";
  }
}

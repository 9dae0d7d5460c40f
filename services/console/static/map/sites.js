// The registry's sites as features of the map. The registry decides of which sites the reader sees the people.

import { call } from "/static/calls.js";
import { nameOf, readOccupancies, readSites } from "/static/sites.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

/**
 * Returns the sites that are not closed. Returns undefined if the registry does not answer.
 * @param {Feature[]} units
 * @returns {Promise<Feature[] | undefined>}
 */
export async function readSiteFeatures(units) {
  const get = (/** @type {string} */ path) => call("GET", path);
  const [sites, occupancies] = await Promise.all([readSites(get), readOccupancies(get)]);
  if (!sites || !occupancies) return undefined;
  const names = new Map(units.map(({ properties }) => [properties.id, properties.name]));
  return sites
    .filter(({ state }) => state !== "closed")
    .map((site) => {
      const occupancy = occupancies[site.site_id];
      return {
        type: "Feature",
        geometry: site.lat === null || site.lon === null ? null : { type: "Point", coordinates: [site.lon, site.lat] },
        properties: {
          id: site.site_id,
          name: nameOf(site),
          place: [site.locality, names.get(site.pcode)].filter(Boolean).join(", "),
          districts: [site.pcode],
          capacity: site.capacity,
          occupancy,
          is_counted: Boolean(occupancy),
          lowest: occupancy?.lowest,
          highest: occupancy?.highest,
          is_over: Boolean(occupancy && site.capacity !== null && occupancy.highest > site.capacity),
        },
      };
    });
}

/**
 * Moves the people at a site to the site's own point, if the registry knows this point.
 * @param {Feature[]} localities
 * @param {Feature[]} sites
 * @returns {Feature[]}
 */
export function atSites(localities, sites) {
  const points = new Map(sites.map(({ properties, geometry }) => [properties.id, geometry]));
  return localities.map((locality) => ({
    ...locality,
    geometry: points.get(locality.properties.site_id) ?? locality.geometry,
  }));
}

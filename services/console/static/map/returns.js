// The people in the location of their return, by district. The registry computes them, as for the page of figures.

import { call } from "/static/calls.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const PATH = "/registry/v1/statistics/stock?sub_stock=in_return";

/**
 * The returned people of each district; undefined if the registry does not answer. The registry has a row for each
 * reason of the displacement. Registered persons and counted groups are never added, because the same people may be in
 * both, so a circle is as large as the larger of the two numbers.
 * @param {Feature[]} units
 * @returns {Promise<Feature[] | undefined>}
 */
export async function readReturns(units) {
  const answer = await call("GET", PATH);
  if (!answer.ok) return undefined;
  const { rows } = /** @type {{rows: {pcode: string | null, persons: number, group_persons: number}[]}} */ (await answer.json());
  const known = new Map(units.map((unit) => [unit.properties.id, unit]));
  const districts = /** @type {Map<string, Feature>} */ (new Map());
  for (const { pcode, persons, group_persons } of rows) {
    const district = districts.get(pcode ?? "") ?? newDistrict(pcode ?? "", known.get(pcode ?? ""));
    districts.set(pcode ?? "", district);
    district.properties.persons += persons;
    district.properties.counted += group_persons;
    district.properties.larger = Math.max(district.properties.persons, district.properties.counted);
  }
  return [...districts.values()].filter(({ properties }) => properties.larger);
}

/** @param {string} id empty if the district is not known @param {Feature | undefined} unit @returns {Feature} */
function newDistrict(id, unit) {
  return { type: "Feature", geometry: unit?.geometry ?? null, properties: { id, name: unit?.properties.name ?? "", persons: 0, counted: 0 } };
}

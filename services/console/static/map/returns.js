// The returned people by district. The registry computes the numbers, with the same rules as for the page of figures.

import { call } from "/static/calls.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

/** @typedef {{pcode: string | null, persons: number, group_persons: number}} Row */

const PATH = "/registry/v1/statistics/stock?sub_stock=in_return&limit=2000";
const ATTEMPTS = 3;

/**
 * Reads the people by district. Returns undefined if the registry does not answer.
 *
 * The registry has a row for each reason of the displacement. Registered persons and counted groups are never added,
 * because both may contain the same people. A circle has the size of the larger number.
 * @param {Feature[]} units
 * @returns {Promise<Feature[] | undefined>}
 */
export async function readReturns(units) {
  const rows = await allRows(ATTEMPTS);
  if (!rows) return undefined;
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

/**
 * Reads all pages. If the data change meanwhile, the pages do not fit together, and all are read again.
 * @param {number} attempts
 * @returns {Promise<Row[] | undefined>}
 */
async function allRows(attempts) {
  const rows = /** @type {Row[]} */ ([]);
  let version = "";
  for (let cursor = /** @type {string | null} */ (""); cursor !== null;) {
    const answer = await call("GET", cursor ? `${PATH}&cursor=${encodeURIComponent(cursor)}` : PATH);
    if (!answer.ok) return undefined;
    const page = /** @type {{rows: Row[], version: string, next: string | null}} */ (await answer.json());
    if (version && page.version !== version) return attempts > 1 ? allRows(attempts - 1) : undefined;
    rows.push(...page.rows);
    ({ version, next: cursor } = page);
  }
  return rows;
}

/** @param {string} id "" for an unknown district @param {Feature | undefined} unit @returns {Feature} */
function newDistrict(id, unit) {
  return {
    type: "Feature",
    geometry: unit?.geometry ?? null,
    properties: { id, name: unit?.properties.name ?? "", persons: 0, counted: 0 },
  };
}

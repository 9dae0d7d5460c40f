// The gazetteer's settlements as options of a search. A page reads the file once.

/**
 * @typedef {{pcode: string, district: string, aymak?: string, names: string[], terms: string[]}} Settlement
 * @typedef {{aymaks: Record<string, string[]>, settlements: Settlement[]}} Gazetteer names are in the order of
 *   `LANGUAGES`
 * @typedef {import("./sites.js").PlaceOption} PlaceOption
 */

const LANGUAGES = ["ky", "ru", "en"];

/**
 * Reads the gazetteer. Without the file, returns an empty gazetteer, because a person can type any place.
 * @param {string} path
 * @returns {Promise<Gazetteer>}
 */
export async function readGazetteer(path) {
  try {
    const answer = await fetch(path, { credentials: "omit" });
    if (answer.ok) return await answer.json();
  } catch {
    // a phone without signal may not have the file in its cache
  }
  return { aymaks: {}, settlements: [] };
}

/**
 * `district` returns the name of a district.
 * @param {Gazetteer} gazetteer
 * @param {(pcode: string) => string} district
 * @returns {PlaceOption[]}
 */
export function settlementOptions({ aymaks, settlements }, district) {
  const language = Math.max(0, LANGUAGES.indexOf(document.documentElement.lang));
  const units = new Map(
    [...new Set(settlements.map((settlement) => settlement.district))].map((unit) => [unit, district(unit)]),
  );
  return settlements.map(({ pcode, district: unit, aymak, names, terms }) => ({
    value: pcode,
    name: names[language],
    above: [aymak && aymaks[aymak]?.[language], units.get(unit)].filter(Boolean).join(", "),
    terms: [...names, ...terms],
    pcode: unit,
    settlement: pcode,
  }));
}

/**
 * Returns an option with the typed name, so that a correction does not change the name. `pcode` is the district.
 * @param {string} settlement
 * @param {string} name
 * @param {string} pcode
 * @returns {PlaceOption}
 */
export function storedSettlement(settlement, name, pcode) {
  return { value: settlement, name, terms: [], pcode, settlement };
}

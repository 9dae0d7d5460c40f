// Reads the sites of displaced people and the number of people at each, and makes options for a search.

import { folded, names } from "./combobox.js";

/**
 * @typedef {{site_id: string, version: number, name_ky: string | null, name_ru: string | null, name_en: string | null,
 *   type: string, state: string, pcode: string, locality: string | null, locality_pcode?: string | null,
 *   lat: number | null, lon: number | null, capacity: number | null, needs: string[],
 *   needs_since: Record<string, string>, shelter: string, has_person_in_charge: boolean, changed_at: string}} Site
 * @typedef {{lowest: number, highest: number, counted_at: string | null, reports: string[],
 *   has_partial_counts: boolean, registered_came: number, registered_left: number, registered: number,
 *   is_registered: boolean, counted_at_precision: string}} Occupancy
 * @typedef {Record<string, Occupancy | null>} Occupancies by site, only of the reader's areas
 * @typedef {(path: string) => Promise<Response>} Get
 */
/**
 * An option for a place. `pcode` is the place's district, and `settlement` is the place's code in the gazetteer.
 * @typedef {import("./combobox.js").Option & {pcode: string, site?: Site, settlement?: string}} PlaceOption
 */

/**
 * Reads all sites. Returns undefined if the server refuses the request.
 * @param {Get} get
 * @returns {Promise<Site[] | undefined>}
 */
export async function readSites(get) {
  const pages = await readPages(get, "/registry/v1/sites");
  return pages?.flatMap(({ sites }) => sites);
}

/**
 * Reads the numbers of people in the reader's areas. Returns undefined if the server refuses the request.
 * @param {Get} get
 * @returns {Promise<Occupancies | undefined>}
 */
export async function readOccupancies(get) {
  const pages = await readPages(get, "/registry/v1/occupancies");
  return pages && Object.assign({}, ...pages.map(({ occupancies }) => occupancies));
}

/** @param {Get} get @param {string} path */
async function readPages(get, path) {
  const pages = /** @type {Record<string, any>[]} */ ([]);
  for (let next = ""; ;) {
    const answer = await get(`${path}${next && `?after=${next}`}`);
    if (!answer.ok) return undefined;
    const page = await answer.json();
    pages.push(page);
    if (!page.next) return pages;
    next = page.next;
  }
}

/** Returns the name in the page's language, or else the name in another language. @param {Site} site */
export function nameOf(site) {
  const names = /** @type {Record<string, string | null>} */ ({ ky: site.name_ky, ru: site.name_ru, en: site.name_en });
  return names[document.documentElement.lang] ?? names.ky ?? names.ru ?? names.en ?? "";
}

/** @param {Site} site */
export function namesOf(site) {
  return [site.name_ky, site.name_ru, site.name_en].filter((name) => name !== null);
}

/**
 * Returns an option for each site that is not closed. `district` returns the name of a district.
 * @param {Site[]} sites
 * @param {(pcode: string) => string} district
 * @returns {PlaceOption[]}
 */
export function siteOptions(sites, district) {
  return sites
    .filter(({ state }) => state !== "closed")
    .map((site) => ({
      value: site.site_id,
      name: nameOf(site),
      above: [site.locality, district(site.pcode)].filter(Boolean).join(", "),
      terms: namesOf(site),
      pcode: site.pcode,
      site,
    }));
}

/**
 * Returns an option for each settlement, and for each site's village that the gazetteer does not have.
 * @param {Site[]} sites
 * @param {PlaceOption[]} settlements
 * @param {(pcode: string) => string} district
 * @returns {PlaceOption[]}
 */
export function localityOptions(sites, settlements, district) {
  const listed = new Set(settlements.flatMap((option) => names(option).map((name) => `${option.pcode} ${name}`)));
  const villages = /** @type {Map<string, PlaceOption>} */ (new Map());
  const codes = new Set(settlements.map((option) => option.settlement));
  for (const { locality, locality_pcode, pcode } of sites) {
    if (locality_pcode && codes.has(locality_pcode)) continue;
    const value = `${pcode} ${folded(locality ?? "")}`;
    if (locality && !villages.has(value) && !listed.has(value))
      villages.set(value, { value, name: locality, above: district(pcode), terms: [], pcode });
  }
  return [...settlements, ...villages.values()];
}

// Reads the list of sites where displaced people stay, and makes search options of the sites and of their villages.

import { folded } from "./combobox.js";

/**
 * @typedef {{site_id: string, version: number, name_ky: string | null, name_ru: string | null, name_en: string | null, type: string, state: string,
 *   pcode: string, locality: string | null, lat: number | null, lon: number | null, capacity: number | null, needs: string[],
 *   needs_since: Record<string, string>, shelter: string, has_person_in_charge: boolean, changed_at: string}} Site
 * @typedef {import("./combobox.js").Option & {pcode: string, site?: Site}} PlaceOption
 */

const PATH = "/registry/v1/sites";

/**
 * All sites of the country; undefined if the server refuses the request.
 * @param {(path: string) => Promise<Response>} get
 */
export async function readSites(get) {
  const sites = /** @type {Site[]} */ ([]);
  for (let next = ""; ;) {
    const answer = await get(`${PATH}${next && `?after=${next}`}`);
    if (!answer.ok) return undefined;
    const page = /** @type {{sites: Site[], next: string | null}} */ (await answer.json());
    sites.push(...page.sites);
    if (!page.next) return sites;
    next = page.next;
  }
}

/** The name in the page's language, else in another language. @param {Site} site */
export function nameOf(site) {
  const names = /** @type {Record<string, string | null>} */ ({ ky: site.name_ky, ru: site.name_ru, en: site.name_en });
  return names[document.documentElement.lang] ?? names.ky ?? names.ru ?? names.en ?? "";
}

/** @param {Site} site */
export function namesOf(site) {
  return [site.name_ky, site.name_ru, site.name_en].filter((name) => name !== null);
}

/**
 * Search options for the sites that are not closed.
 * @param {Site[]} sites
 * @param {(pcode: string) => string} district the name of a district
 * @returns {PlaceOption[]}
 */
export function siteOptions(sites, district) {
  return sites.filter(({ state }) => state !== "closed").map((site) => ({
    value: site.site_id, name: nameOf(site), above: [site.locality, district(site.pcode)].filter(Boolean).join(", "), terms: namesOf(site), pcode: site.pcode, site,
  }));
}

/**
 * Search options for the villages that have sites, without duplicates.
 * @param {Site[]} sites
 * @param {(pcode: string) => string} district
 * @returns {PlaceOption[]}
 */
export function localityOptions(sites, district) {
  const villages = /** @type {Map<string, PlaceOption>} */ (new Map());
  for (const { locality, pcode } of sites) {
    const value = `${pcode} ${folded(locality ?? "")}`;
    if (locality && !villages.has(value)) villages.set(value, { value, name: locality, above: district(pcode), terms: [], pcode });
  }
  return [...villages.values()];
}

// The fields of origin and destination: oblast, district, and a village or site from the list on this phone.

import { showCountry } from "./countries.js";
import { element } from "./elements.js";
import { account } from "./kept.js";
import { oblasts, placeName } from "./labels.js";
import { tell } from "./page.js";
import { PlaceSearch } from "./place-search.js";
import { localityOptions, readSites, siteOptions } from "./sites.js";
import { sentence } from "./texts.js";

/** @typedef {import("./sites.js").Site} Site */
/** @typedef {import("./sites.js").PlaceOption} PlaceOption */

const KEPT = "dayar.sites";
const PATIENCE_MS = 20_000;
const AGAIN_MS = 10 * 60_000;
/** @type {PlaceSearch[]} */
let searches = [];
let readAt = 0;

/** Sets oblast and district of a place, and offers the districts of this oblast. @param {string} name @param {string} code */
export function districts(name, code) {
  const oblast = oblasts.find((unit) => unit.pcode === code || unit.districts.some((district) => district.pcode === code));
  showCountry(name, oblast?.pcode ?? code);
  const select = /** @type {HTMLSelectElement} */ (element(`${name}-district`));
  select.replaceChildren(...[{ pcode: "", name: sentence("whole") }, ...(oblast?.districts ?? [])].map((unit) => new Option(unit.name, unit.pcode)));
  select.value = oblast?.pcode === code ? "" : code;
  /** @type {HTMLElement} */ (select.closest(".field")).hidden = !oblast?.districts.length;
}

/** Offers the villages and sites that this phone knows. @param {() => void} save called after a choice */
export function searchPlaces(save) {
  searches = ["origin", "destination"].map((name) => search(name, save));
  offer(known());
  for (const part of ["oblast", "district"]) element(`destination-${part}`).addEventListener("change", () => setSite(undefined)); // a site lies in its own district only
}

/** @param {string} name @param {() => void} save */
function search(name, save) {
  const chosen = (/** @type {PlaceOption | undefined} */ option) => {
    if (option) districts(name, option.pcode);
    if (name === "destination") setSite(option?.site?.site_id);
    if (option?.site) control("shelter").value = option.site.shelter;
    if (option) save();
  };
  const stated = () => control(`${name}_district`).value || control(`${name}_oblast`).value;
  return new PlaceSearch(/** @type {HTMLInputElement} */ (element(`${name}-locality`)), { stated, chosen });
}

/** The site of the report, which its author chose from the list. @param {string | undefined} id */
export function setSite(id) {
  const field = element("destination-locality");
  if (id) field.dataset.site = id;
  else delete field.dataset.site;
  const site = id && known().find(({ site_id }) => site_id === id);
  const [option] = site ? siteOptions([{ ...site, state: "open" }], (pcode) => placeName({ pcode })) : [];
  tell(element("destination-site"), option ? sentence("site", { site: [option.name, option.above].join(", ") }) : "");
}

/** Reads the list of sites again, and keeps it for places without signal. */
export async function renewSites() {
  const token = account()?.token;
  if (!token || Date.now() - readAt < AGAIN_MS) return;
  try {
    const sites = await readSites((path) => fetch(path, { headers: { authorization: `Bearer ${token}` }, credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) }));
    if (!sites) return;
    readAt = Date.now();
    offer(sites);
    localStorage.setItem(KEPT, JSON.stringify(sites));
  } catch {
    // the centre does not answer, so the form uses the stored list; or the phone is full, so the new list is not stored
  }
}

/** @returns {Site[]} */
function known() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
}

/** @param {Site[]} sites */
function offer(sites) {
  const district = (/** @type {string} */ pcode) => placeName({ pcode });
  const villages = localityOptions(sites, district);
  const [origin, destination] = searches;
  origin.offer(villages);
  destination.offer([...siteOptions(sites, district), ...villages]);
}

/** @param {string} name */
function control(name) {
  return /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (element("report")).elements.namedItem(name));
}

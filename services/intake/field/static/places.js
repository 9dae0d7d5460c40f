// The form's fields for origin and destination: oblast, district and locality. The author can choose a locality from
// the lists of settlements and sites that this phone has stored.

import { showCountry } from "./countries.js";
import { element } from "./elements.js";
import { account } from "./kept.js";
import { oblasts, placeName } from "./labels.js";
import { tell } from "./page.js";
import { PlaceSearch } from "./place-search.js";
import { readGazetteer, settlementOptions } from "./settlements.js";
import { localityOptions, nameOf, readSites, siteOptions } from "./sites.js";
import { sentence } from "./texts.js";

/** @typedef {import("./kept.js").Body} Body */
/** @typedef {import("./sites.js").Site} Site */
/** @typedef {import("./sites.js").PlaceOption} PlaceOption */

const PLACES = ["origin", "destination"];
const KEPT = "dayar.sites";
const PATIENCE_MS = 20_000;
const AGAIN_MS = 10 * 60_000;
/** @type {PlaceSearch[]} */
let searches = [];
let readAt = 0;
/** @type {PlaceOption[]} */
let settlements = [];

/**
 * @param {string} name
 * @param {string} code
 */
export function districts(name, code) {
  const oblast = oblasts.find(
    (unit) => unit.pcode === code || unit.districts.some((district) => district.pcode === code),
  );
  showCountry(name, oblast?.pcode ?? code);
  const select = /** @type {HTMLSelectElement} */ (element(`${name}-district`));
  select.replaceChildren(
    ...[{ pcode: "", name: sentence("whole") }, ...(oblast?.districts ?? [])].map(
      (unit) => new Option(unit.name, unit.pcode),
    ),
  );
  select.value = oblast?.pcode === code ? "" : code;
  /** @type {HTMLElement} */ (select.closest(".field")).hidden = !oblast?.districts.length;
}

/** Offers the settlements and sites that this phone knows. @param {() => void} save */
export function searchPlaces(save) {
  searches = PLACES.map((name) => search(name, save));
  offer(known());
  for (const name of PLACES)
    for (const part of ["oblast", "district"])
      // The chosen site or settlement may not be in the new oblast or district, so the choice is removed.
      element(`${name}-${part}`).addEventListener("change", () => setChosen(name, {}));
  void readGazetteer(new URL("settlements.json", import.meta.url).pathname).then((gazetteer) => {
    settlements = settlementOptions(gazetteer, nameOfDistrict);
    offer(known());
  });
}

/** @param {string} name @param {() => void} save */
function search(name, save) {
  const chosen = (/** @type {PlaceOption | undefined} */ option) => {
    if (option) districts(name, option.pcode);
    setChosen(name, { site: option?.site?.site_id, settlement: option?.settlement });
    if (option?.site) control("shelter").value = option.site.shelter;
    if (option) save();
  };
  const stated = () => control(`${name}_district`).value || control(`${name}_oblast`).value;
  return new PlaceSearch(/** @type {HTMLInputElement} */ (element(`${name}-locality`)), { stated, chosen });
}

/**
 * Store the locality that the author has chosen from a list: a site, a settlement, or nothing.
 * @param {string} name
 * @param {{site?: string, settlement?: string}} chosen
 */
export function setChosen(name, { site, settlement }) {
  const { dataset } = element(`${name}-locality`);
  for (const [key, id] of Object.entries({ site, settlement }))
    if (id) dataset[key] = id;
    else delete dataset[key];
  if (name !== "destination") return;
  const chosen = siteOf(site);
  const [option] = chosen ? siteOptions([{ ...chosen, state: "open" }], nameOfDistrict) : [];
  tell(element("destination-site"), option ? sentence("site", { site: [option.name, option.above].join(", ") }) : "");
}

/**
 * Write the localities into the fields. A household at a site has no locality in its report; the field shows the name
 * of the site.
 * @param {Body} [body]
 */
export function writeLocalities(body) {
  for (const name of PLACES) {
    const site = name === "destination" ? (body?.site_id ?? body?.destination_site_id) : undefined,
      listed = siteOf(site);
    control(`${name}_locality`).value = body?.[`${name}_locality`] ?? (listed ? nameOf(listed) : "");
    setChosen(name, { site, settlement: body?.[`${name}_locality_pcode`] });
  }
}

/**
 * Return the localities of a report. For a household at a site, the destination is only the site.
 * @param {"household" | "group"} kind
 * @returns {Partial<Body>}
 */
export function statedLocalities(kind) {
  const { site } = control("destination_locality").dataset;
  return {
    ...stated("origin"),
    ...(site && kind === "household" ? {} : stated("destination")),
    ...(site && { site_id: site }),
  };
}

/** @returns {Partial<Body>} */
export function statedDestination() {
  const { site } = control("destination_locality").dataset;
  return site ? { destination_site_id: site } : stated("destination");
}

/** @param {string} name @returns {Partial<Body>} */
function stated(name) {
  const {
      value,
      dataset: { settlement },
    } = control(`${name}_locality`),
    locality = value.trim();
  return locality
    ? { [`${name}_locality`]: locality, ...(settlement && { [`${name}_locality_pcode`]: settlement }) }
    : {};
}

/** @param {string | undefined} id */
function siteOf(id) {
  return id ? known().find(({ site_id }) => site_id === id) : undefined;
}

/** Load the list of sites from the centre, and store the list for use without signal. */
export async function renewSites() {
  const token = account()?.token;
  if (!token || Date.now() - readAt < AGAIN_MS) return;
  try {
    const sites = await readSites((path) =>
      fetch(path, {
        headers: { authorization: `Bearer ${token}` },
        credentials: "omit",
        signal: AbortSignal.timeout(PATIENCE_MS),
      }),
    );
    if (!sites) return;
    readAt = Date.now();
    offer(sites);
    localStorage.setItem(KEPT, JSON.stringify(sites));
  } catch {
    // The stored list stays if the centre does not answer, or if the phone is full.
  }
}

/** @returns {Site[]} */
function known() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
}

/** @param {Site[]} sites */
function offer(sites) {
  const villages = localityOptions(sites, settlements, nameOfDistrict);
  const [origin, destination] = searches;
  origin.offer(villages);
  destination.offer([...siteOptions(sites, nameOfDistrict), ...villages]);
}

/** @param {string} pcode */
function nameOfDistrict(pcode) {
  return placeName({ pcode });
}

/** @param {string} name */
function control(name) {
  return /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (element("report")).elements.namedItem(name));
}

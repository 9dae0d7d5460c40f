// The fields for a village, school or other place: they search the sites and villages, and take any other text as typed.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { input, options } from "/static/entry/fields.js";
import { PlaceSearch } from "/static/place-search.js";
import { localityOptions, readSites, siteOptions } from "/static/sites.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/combobox.js").Combobox} Combobox */
/** @typedef {import("/static/sites.js").PlaceOption} PlaceOption */

const districts = new Map(options("places").map(({ value, name }) => [value, name]));
const listed = read();

/** All sites; none if they cannot be read, because a count can always be typed. */
async function read() {
  try {
    return (await readSites((path) => call("GET", path))) ?? [];
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return [];
  }
}

/** @param {string} pcode */
function nameOf(pcode) {
  return districts.get(pcode) ?? pcode;
}

/** The village of origin. @param {Combobox} district */
export function localities(district) {
  const search = new PlaceSearch(input("origin-locality"), (option) => { if (option) district.set(option.pcode); });
  void listed.then((sites) => search.offer(localityOptions(sites, nameOf)));
  search.input.addEventListener("focus", () => search.prefer(district.chosen?.value ?? ""));
  return search;
}

/**
 * The place where the people are now: a site, a village, or what is typed. A site gives its district and kind of shelter.
 * @param {Combobox} district
 * @param {(shelter: string) => void} shelter
 */
export function sites(district, shelter) {
  const search = new PlaceSearch(input("destination-locality"), (option) => {
    if (option) district.set(option.pcode);
    if (option?.site) shelter(option.site.shelter);
    tell(option);
  });
  void listed.then((known) => search.offer([...siteOptions(known, nameOf), ...localityOptions(known, nameOf)]));
  search.input.addEventListener("focus", () => search.prefer(district.chosen?.value ?? ""));
  district.input.addEventListener("input", () => { search.forget(); tell(undefined); }); // a site lies in its own district only
  return search;
}

/** Says whether the report names a site of the list. @param {PlaceOption | undefined} option */
function tell(option) {
  element("destination-site").textContent = option?.site ? sentence("site", { site: [option.name, option.above].join(", ") }) : "";
}

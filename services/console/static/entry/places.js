// Fields for a village, school or other place. The fields suggest settlements and sites, and accept any other text.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { input, options } from "/static/entry/fields.js";
import { PlaceSearch } from "/static/place-search.js";
import { readGazetteer, settlementOptions } from "/static/settlements.js";
import { localityOptions, readSites, siteOptions } from "/static/sites.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/combobox.js").Combobox} Combobox */
/** @typedef {import("/static/sites.js").PlaceOption} PlaceOption */

const districts = new Map(options("places").map(({ value, name }) => [value, name]));
const listed = Promise.all([
  read(),
  readGazetteer(element("destination-locality").dataset.settlements ?? "").then((gazetteer) =>
    settlementOptions(gazetteer, nameOf),
  ),
]);

/** Reads the sites. Without an answer, the list is empty, and a person types the name. */
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

/** Returns the chosen district, or "". @param {Combobox} district */
function stated(district) {
  return district.chosen?.value ?? "";
}

/** @param {Combobox} district */
export function localities(district) {
  const search = new PlaceSearch(input("origin-locality"), {
    stated: () => stated(district),
    chosen: (option) => {
      if (option) district.set(option.pcode);
    },
  });
  void listed.then(([sites, settlements]) => search.offer(localityOptions(sites, settlements, nameOf)));
  district.input.addEventListener("input", () => search.forget()); // settlements depend on the district
  return search;
}

/**
 * Makes the field for a site. A chosen site fills in its district and its kind of shelter.
 * @param {Combobox} district
 * @param {(shelter: string) => void} shelter
 */
export function sites(district, shelter) {
  const chosen = (/** @type {PlaceOption | undefined} */ option) => {
    if (option) district.set(option.pcode);
    if (option?.site) shelter(option.site.shelter);
    tell(option);
  };
  const search = new PlaceSearch(input("destination-locality"), { stated: () => stated(district), chosen });
  void listed.then(([known, settlements]) =>
    search.offer([...siteOptions(known, nameOf), ...localityOptions(known, settlements, nameOf)]),
  );
  district.input.addEventListener("input", () => {
    search.forget();
    tell(undefined);
  }); // the site lies in the former district, so another district clears it
  return search;
}

/** @param {PlaceOption | undefined} option */
function tell(option) {
  element("destination-site").textContent = option?.site
    ? sentence("site", { site: [option.name, option.above].join(", ") })
    : "";
}

// The page of sites: the list, and the form for a site.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { options } from "/static/entry/fields.js";
import { readGazetteer, settlementOptions } from "/static/settlements.js";
import { localityOptions, nameOf, readOccupancies, readSites } from "/static/sites.js";
import { isOpen, listen, offer, open } from "/static/sites/editor.js";
import { listenForSheets } from "/static/sites/import.js";
import { draw, focus, showMore } from "/static/sites/list.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";

const AGAIN_MS = 30_000;
const districts = new Map(options("places").map(({ value, name }) => [value, name]));
/** @type {import("/static/sites.js").Site[]} */
let sites = [];
/** @type {import("/static/sites.js").Occupancies} */
let occupancies = {};
/** @type {import("/static/sites.js").PlaceOption[]} */
let settlements = [];
/** @type {Map<string, import("/static/sites.js").PlaceOption>} */
let byCode = new Map();

/** Reads the list. Without an answer, keeps the old list and says that it may be out of date. */
async function read() {
  try {
    const get = (/** @type {string} */ path) => call("GET", path);
    const [known, people] = await Promise.all([readSites(get), readOccupancies(get)]);
    if (known && people) [sites, occupancies] = [known, people];
    offer(localityOptions(sites, settlements, nameOfDistrict));
    element("stale").hidden = Boolean(known && people);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    element("stale").hidden = false;
  }
  element("stale").textContent = sentence("stale");
  show();
}

function show() {
  draw(sites, occupancies, {
    placeOf: nameOfDistrict,
    villageOf: ({ locality_pcode }) => byCode.get(locality_pcode ?? ""),
    change: open,
  });
}

/** @param {string} pcode */
function nameOfDistrict(pcode) {
  return districts.get(pcode) ?? pcode;
}

element("filters").addEventListener("input", show);
element("filters").addEventListener("submit", (event) => event.preventDefault());
element("more").addEventListener("click", () => {
  showMore();
  show();
});
element("new").addEventListener("click", () => open());
listen(
  (site) => {
    toast(sentence("saved", { name: nameOf(site) }), "good");
    void read().then(() => focus(site.site_id));
  },
  () => void read(),
);
listenForSheets(() => void read());
void readGazetteer(element("locality").dataset.settlements ?? "").then((gazetteer) => {
  settlements = settlementOptions(gazetteer, nameOfDistrict);
  byCode = new Map(settlements.map((option) => [option.value, option]));
  offer(localityOptions(sites, settlements, nameOfDistrict));
  show();
});
setInterval(() => {
  if (!isOpen() && !document.hidden) void read();
}, AGAIN_MS);
void read().then(() => {
  /** @type {HTMLButtonElement} */ (element("new")).disabled = false;
});

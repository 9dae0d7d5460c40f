// The search for a district, city or village on the map.

import { input, options } from "/static/entry/fields.js";
import { readLayer } from "/static/map/layers.js";
import { PlaceSearch } from "/static/place-search.js";
import { readGazetteer, settlementOptions } from "/static/settlements.js";

/** @typedef {import("/static/sites.js").PlaceOption} PlaceOption */

const units = options("places").map((unit) => ({ ...unit, pcode: unit.value }));
const names = new Map(units.map(({ value, name }) => [value, name]));

class MapSearch extends PlaceSearch {
  /** Closes the list without a choice, because each choice moves the map. @override */
  leave() {
    this.close();
  }
}

/**
 * Offers the search, and reads the settlements when a person begins to search. `read` gets the points of the
 * settlements.
 * @param {(table: "units" | "settlements", id: string) => void} found
 * @param {(layer: import("/static/map/layers.js").Layer) => void} read
 */
export function offerSearch(found, read) {
  const field = input("map-place");
  /** @type {Promise<boolean>} */
  let arePointsRead = Promise.resolve(false);
  /** @param {PlaceOption | undefined} option */
  async function show(option) {
    if (!option) return;
    if (option.settlement && (await arePointsRead)) found("settlements", option.settlement);
    else found("units", option.pcode);
  }
  const search = new MapSearch(field, { stated: () => "", chosen: (option) => void show(option) });
  search.offer(units);
  field.addEventListener(
    "focus",
    () => {
      arePointsRead = readPoints(read);
      void readGazetteer(field.dataset.settlements ?? "").then((gazetteer) =>
        search.offer([...units, ...settlementOptions(gazetteer, (pcode) => names.get(pcode) ?? pcode)]),
      );
    },
    { once: true },
  );
}

/**
 * Reads the points of the settlements. Without the points, the map shows the district of a found settlement.
 * @param {(layer: import("/static/map/layers.js").Layer) => void} read
 */
async function readPoints(read) {
  const { layer } = await readLayer("settlements").catch(() => ({ layer: undefined }));
  if (layer) read(layer);
  return layer !== undefined;
}

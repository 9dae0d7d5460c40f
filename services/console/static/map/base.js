// The base of the map (from Natural Earth) and the font, which every map needs before it is drawn.

import { borderOf } from "/static/map/borders.js";
import { call } from "/static/calls.js";
import { element, make } from "/static/elements.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

/** All files of the base are one source, because MapLibre makes separate tiles for each source. */
const BASE = ["countries", "kg-oblasts", "lakes", "rivers", "glaciers", "towns"];
const SAMPLES = ["A", "Я", "Ңөү"]; // one letter of each file of the font

/**
 * Loads the base and the font. For a missing file of the font, the browser uses another font.
 * @returns {Promise<Feature[]>}
 */
export async function loadBase() {
  const [files] = await Promise.all([
    Promise.all(BASE.map(readBase)),
    Promise.allSettled(SAMPLES.map((letters) => document.fonts.load("16px 'Noto Sans of the map'", letters))),
  ]);
  return files.flat();
}

/** Returns the value of a colour variable of the style sheet. @param {string} name @returns {string} */
export function colour(name) {
  const probe = make("i");
  probe.style.color = `var(--${name})`;
  element("map").append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/** @type {Record<string, [number, number]>} */
const NEIGHBOURS = { KZ: [73.2, 43.75], UZ: [71.6, 40.85], TJ: [71.2, 38.7], CN: [77.6, 39.9] };

/** @param {Feature} country @returns {Feature[]} */
function labelled({ properties }) {
  const point = NEIGHBOURS[properties.iso2];
  return point
    ? [
        {
          type: "Feature",
          geometry: { type: "Point", coordinates: point },
          properties: { ...properties, file: "neighbours" },
        },
      ]
    : [];
}

/** @param {string} name @returns {Promise<Feature[]>} */
async function readBase(name) {
  const [{ features }, names] = await Promise.all(
    [`${name}.geojson`, "names.json"].map((file) =>
      call("GET", `/static/map/base/${file}`).then((answer) => answer.json()),
    ),
  );
  for (const { properties } of features)
    Object.assign(properties, {
      file: name,
      name: names[properties.name]?.[document.documentElement.lang] ?? properties.name,
    });
  return name === "countries" ? [...features, ...features.map(borderOf), ...features.flatMap(labelled)] : features;
}

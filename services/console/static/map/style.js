// The style of the map: the base, and above it the layers of the console.

import { backgroundSources } from "/static/map/background.js";
import { base } from "/static/map/style/base.js";
import { events, intensities } from "/static/map/style/events.js";
import { people } from "/static/map/style/people.js";

/**
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").StyleSpecification} Style
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").LayerSpecification} Layer
 * @typedef {import("/static/map/style/labels.js").Colour} Colour
 * @typedef {Record<string, GeoJSON.FeatureCollection>} Data the features of each source
 */

const EMPTY = /** @type {GeoJSON.FeatureCollection} */ ({ type: "FeatureCollection", features: [] });

const DATA = [
  "boundaries",
  "units",
  "shaken",
  "intensities",
  "areas",
  "households",
  "counted",
  "returns",
  "localities",
  "sites",
  "reports",
  "hazards",
  "alerts",
  "selected",
];

/** The layers of MapLibre that each switch of the legend turns on and off. @type {Record<string, string[]>} */
export const SWITCHED = {
  hazards: ["areas", "area-lines", "hazards"],
  reports: ["reports", "report-ages"],
  intensities: ["shaken", "intensities"],
  alerts: ["alerts"],
  households: ["households"],
  counted: ["counted"],
  returns: ["returns", "return-numbers"],
  localities: ["localities", "locality-names"],
  sites: ["sites", "site-names"],
};
/** The layers in which a click finds a feature, the topmost layer first. */
export const CHOSEN = [
  "alerts",
  "hazards",
  "reports",
  "sites",
  "localities",
  "returns",
  "counted",
  "households",
  "intensities",
  "units",
  "areas",
  "boundaries",
];

/** @param {Data} data @param {Colour} colour @param {Set<string>} off @returns {Style} */
export function style(data, colour, off) {
  const sources = Object.fromEntries(
    ["base", ...DATA].map((name) => [name, { type: /** @type {const} */ ("geojson"), data: data[name] ?? EMPTY }]),
  );
  const layers = [
    ...base(colour, !data.boundaries?.features.length),
    ...intensities(colour),
    ...people(colour),
    ...events(colour),
    ...selected(colour),
  ];
  return {
    version: 8,
    sources: { ...sources, ...backgroundSources() },
    layers: layers.map((layer) => (isDrawn(layer, data, off) ? layer : hidden(layer))),
  };
}

/**
 * True if the layer's switch is on and its source has features. MapLibre makes tiles even of an empty source, and would
 * look at them in each frame.
 * @param {{id: string, source?: string}} layer @param {Data} data @param {Set<string>} off
 */
export function isDrawn({ id, source = "" }, data, off) {
  const isOff = [...off].some((name) => SWITCHED[name].includes(id));
  return !isOff && (!DATA.includes(source) || (data[source] ?? EMPTY).features.length > 0);
}

/** @param {Layer} layer @returns {Layer} */
function hidden(layer) {
  return /** @type {Layer} */ ({ ...layer, layout: { ...layer.layout, visibility: "none" } });
}

/** @param {Colour} colour @returns {Layer[]} */
function selected(colour) {
  return [
    {
      id: "selected-lines",
      type: "line",
      source: "selected",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "line-color": colour("accent"), "line-width": 4 },
    },
    {
      id: "selected",
      type: "circle",
      source: "selected",
      filter: ["!=", ["geometry-type"], "Polygon"],
      paint: {
        "circle-radius": 17,
        "circle-opacity": 0,
        "circle-stroke-width": 3.5,
        "circle-stroke-color": colour("accent"),
      },
    },
  ];
}

// The detailed background of the map. The browser reads ranges of the installation's PMTiles file. Vector tiles are
// drawn in the colours of the base map.

import { addProtocol } from "/static/maplibre/maplibre-gl.mjs";
import { element } from "/static/elements.js";

/**
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").LayerSpecification} Layer
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").SourceSpecification} Source
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").AddProtocolAction} AddProtocolAction
 * @typedef {{is_vector: boolean, has_names: boolean, layers: string[], zooms: [number, number],
 *   bounds: [number, number, number, number], attribution: string}} Background
 * @typedef {{Protocol: new () => {tile: AddProtocolAction}}} Library the library that pmtiles.js defines
 * @typedef {(name: string) => string} Colour
 * @typedef {(id: string, source: string, colour: Colour, layout: Record<string, any>, ink?: string) => any} Text
 */

const SOURCE = "background";
const TILES = "pmtiles:///map/background.pmtiles/{z}/{x}/{y}";
/** From this zoom on, the background hides the lakes, rivers and towns of Natural Earth, which are too coarse there. */
export const FIRST_DETAIL = 7;

/** Null if the installation has no usable file. @type {Background | null} */
const background = JSON.parse(
  /** @type {HTMLElement | null} */ (document.querySelector("[data-background]"))?.dataset.background ?? "null",
);

export const hasNames = background?.has_names ?? false;
export const attribution = background?.attribution ? [background.attribution] : [];

export function serveBackground() {
  if (!background) return;
  const { pmtiles } = /** @type {{pmtiles: Library}} */ (/** @type {unknown} */ (globalThis));
  addProtocol("pmtiles", new pmtiles.Protocol().tile);
}

/**
 * Shows a note below the legend if tiles are missing.
 * @param {import("/static/maplibre/maplibre-gl.mjs").Map} map
 */
export function watchBackground(map) {
  if (!background) return;
  map.on("error", (event) => {
    if (/** @type {{sourceId?: string}} */ (event).sourceId !== SOURCE) return console.error(event.error);
    element("background-failed").hidden = false;
  });
}

/** @returns {Record<string, Source>} */
export function backgroundSources() {
  if (!background) return {};
  const {
    is_vector,
    bounds,
    zooms: [minzoom, maxzoom],
  } = background;
  const shared = { tiles: [TILES], bounds, minzoom, maxzoom };
  return { [SOURCE]: is_vector ? { type: "vector", ...shared } : { type: "raster", tileSize: 256, ...shared } };
}

/**
 * @param {(name: string) => string} colour
 * @returns {Layer[]}
 */
export function backgroundLayers(colour) {
  if (!background) return [];
  if (!background.is_vector) return [{ id: "background-tiles", type: "raster", source: SOURCE }];
  return background.has_names ? protomaps(colour) : outlines(background.layers, colour);
}

/** The property that names the kind of a feature: `kind`, or `pmap:kind` in older files of Protomaps. */
const KIND = /** @type {any} */ (["coalesce", ["get", "kind"], ["get", "pmap:kind"]]);
const GREEN = [
  "forest",
  "wood",
  "park",
  "national_park",
  "nature_reserve",
  "protected_area",
  "grass",
  "grassland",
  "meadow",
  "orchard",
  "farmland",
  "scrub",
];
const BUILT = ["residential", "industrial", "commercial", "hospital", "school", "university", "military", "aerodrome"];

/** @param {(name: string) => string} colour @returns {Layer[]} */
function protomaps(colour) {
  /**
   * @param {string} id
   * @param {string[]} kinds
   * @param {number} minzoom
   * @param {[number, number]} widths
   * @returns {Layer}
   */
  const roads = (id, kinds, minzoom, [thin, wide]) => ({
    ...layer(id, "roads"),
    type: "line",
    minzoom,
    filter: ["in", KIND, ["literal", kinds]],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": colour("map-road"),
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 7, thin, 16, wide],
    },
  });
  return [
    {
      ...layer("background-earth", "earth"),
      type: "fill",
      minzoom: FIRST_DETAIL,
      paint: { "fill-color": colour("map-land") },
    },
    {
      ...layer("background-green", "landuse"),
      type: "fill",
      minzoom: FIRST_DETAIL,
      filter: ["in", KIND, ["literal", GREEN]],
      paint: { "fill-color": colour("map-green") },
    },
    {
      ...layer("background-ice", "landcover"),
      type: "fill",
      minzoom: FIRST_DETAIL,
      filter: ["==", KIND, "glacier"],
      paint: { "fill-color": colour("map-ice") },
    },
    {
      ...layer("background-built", "landuse"),
      type: "fill",
      minzoom: FIRST_DETAIL,
      filter: ["in", KIND, ["literal", BUILT]],
      paint: { "fill-color": colour("map-built") },
    },
    {
      ...layer("background-water", "water"),
      type: "fill",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colour("map-water") },
    },
    {
      ...layer("background-rivers", "water"),
      type: "line",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: {
        "line-color": colour("map-water"),
        "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 14, 2.5],
      },
    },
    roads("background-paths", ["path", "other"], 13, [0.2, 1.2]),
    roads("background-minor-roads", ["minor_road"], 11, [0.3, 5]),
    roads("background-railways", ["rail"], 9, [0.5, 1.5]),
    roads("background-major-roads", ["major_road", "medium_road"], 7, [0.6, 8]),
    roads("background-highways", ["highway"], 5, [1.2, 11]),
    {
      ...layer("background-borders", "boundaries"),
      type: "line",
      minzoom: FIRST_DETAIL,
      paint: { "line-color": colour("map-border"), "line-width": 0.8, "line-dasharray": [3, 2] },
    },
  ];
}

/**
 * @param {string[]} layers
 * @param {(name: string) => string} colour
 * @returns {Layer[]}
 */
function outlines(layers, colour) {
  return layers.map((name, index) => ({
    ...layer(`background-outlines-${index}`, name),
    type: "line",
    filter: ["!=", ["geometry-type"], "Point"],
    paint: { "line-color": colour("map-road"), "line-width": 0.8 },
  }));
}

/** @param {string} id @param {string} name */
function layer(id, name) {
  return { id, source: SOURCE, "source-layer": name };
}

/**
 * @param {Text} text
 * @param {(name: string) => string} colour
 * @returns {Layer[]}
 */
export function backgroundNames(text, colour) {
  if (!background?.has_names) return [];
  const name = ["coalesce", ["get", `name:${document.documentElement.lang}`], ["get", "name"]];
  const places = (/** @type {string} */ id, /** @type {any} */ more, /** @type {number} */ size) => ({
    ...text(id, SOURCE, colour, {
      "text-field": name,
      "text-size": size,
      "symbol-sort-key": ["-", 0, ["to-number", ["get", "population_rank"], 0]],
    }),
    "source-layer": "places",
    ...more,
  });
  return [
    {
      ...text("background-road-names", SOURCE, colour, {
        "text-field": name,
        "text-size": 10,
        "symbol-placement": "line",
      }),
      "source-layer": "roads",
      minzoom: 13,
    },
    places(
      "background-small-places",
      { minzoom: 12, filter: ["in", KIND, ["literal", ["neighbourhood", "macrohood"]]] },
      10,
    ),
    places("background-places", { minzoom: FIRST_DETAIL, filter: ["==", KIND, "locality"] }, 12),
  ];
}

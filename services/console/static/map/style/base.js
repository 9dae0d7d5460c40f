// The layers of the base, the background, the boundaries and the units.

import { backgroundLayers, backgroundNames, FIRST_DETAIL, hasNames } from "/static/map/background.js";
import { text } from "/static/map/style/labels.js";

/**
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").LayerSpecification} Layer
 * @typedef {import("/static/map/style/labels.js").Colour} Colour
 */

/**
 * @param {Colour} colour
 * @param {boolean} hasOblasts
 * @returns {Layer[]}
 */
export function base(colour, hasOblasts) {
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-outside") } },
    {
      id: "country",
      type: "fill",
      ...ofBase("countries", ["==", ["get", "iso2"], "KG"]),
      paint: { "fill-color": colour("map-land") },
    },
    { id: "glaciers", type: "fill", ...ofBase("glaciers"), paint: { "fill-color": colour("map-ice") } },
    { id: "lakes", type: "fill", ...ofBase("lakes"), paint: { "fill-color": colour("map-water") } },
    {
      id: "rivers",
      type: "line",
      ...ofBase("rivers"),
      paint: { "line-color": colour("map-water"), "line-width": ["interpolate", ["linear"], ["zoom"], 5, 0.8, 9, 2.5] },
    },
    ...backgroundLayers(colour),
    {
      id: "oblasts",
      type: "line",
      ...ofBase("kg-oblasts"),
      layout: { visibility: hasOblasts ? "visible" : "none" },
      paint: { "line-color": colour("map-border"), "line-width": 1, "line-dasharray": [3, 2] },
    },
    {
      id: "boundaries",
      type: "fill",
      source: "boundaries",
      paint: { "fill-color": colour("map-land"), "fill-opacity": 0 },
    },
    {
      id: "boundary-lines",
      type: "line",
      source: "boundaries",
      paint: { "line-color": colour("map-border"), "line-width": 0.8, "line-opacity": 0.7 },
    },
    {
      id: "borders",
      type: "line",
      ...ofBase("borders"),
      paint: { "line-color": colour("map-border"), "line-width": ["case", ["==", ["get", "iso2"], "KG"], 2, 1] },
    },
    {
      id: "units",
      type: "circle",
      source: "units",
      filter: ["==", ["get", "level"], 2],
      paint: { "circle-radius": 2.5, "circle-color": colour("map-label"), "circle-opacity": 0.65 },
    },
    ...backgroundNames(text, colour),
    { ...text("lake-names", "base", colour, { "text-size": 11 }, colour("map-water-label")), ...ofBase("lakes") },
    {
      ...text("country-names", "base", colour, { "text-size": 13, "text-letter-spacing": 0.15 }),
      ...ofBase("neighbours"),
      maxzoom: 8,
    },
    {
      ...text("oblast-names", "units", colour, { "text-size": 14 }),
      filter: ["==", ["get", "level"], 1],
      maxzoom: 7.5,
    },
    {
      ...text("town-names", "base", colour, { "text-size": 11, "symbol-sort-key": ["get", "rank"] }),
      ...ofBase("towns", ["any", ["==", ["get", "iso2"], "KG"], ["<=", ["get", "rank"], 4], [">=", ["zoom"], 8]]),
      ...(hasNames ? { maxzoom: FIRST_DETAIL } : {}),
    },
    {
      ...text("unit-names", "units", colour, { "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.4] }),
      filter: ["==", ["get", "level"], 2],
      minzoom: 7,
    },
  ];
}

/**
 * @param {string} file
 * @param {any} [condition]
 * @returns {{source: string, filter: any}}
 */
function ofBase(file, condition = true) {
  return { source: "base", filter: ["all", ["==", ["get", "file"], file], condition] };
}

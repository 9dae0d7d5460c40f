// The style of the map: the base from Natural Earth, and the layers of the console above it.
// Without `glyphs`, MapLibre draws all text itself in the font of the page.

import {
  backgroundLayers,
  backgroundNames,
  backgroundSources,
  FIRST_DETAIL,
  hasNames,
} from "/static/map/background.js";

/**
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").StyleSpecification} Style
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").LayerSpecification} Layer
 * @typedef {(name: string) => string} Colour the colour of a variable of the stylesheet
 */

const FONT = ["Noto Sans of the map"];
const EMPTY = /** @type {GeoJSON.FeatureCollection} */ ({ type: "FeatureCollection", features: [] });

/** The files of the base. All are in one source, because MapLibre cuts each source into tiles of its own. */
export const BASE = ["countries", "kg-oblasts", "lakes", "rivers", "glaciers", "towns"];
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

/** The layers of MapLibre that each switch of the legend shows or hides. @type {Record<string, string[]>} */
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
/** The layers whose marks are chosen by a click, the topmost first. */
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

/** @param {Record<string, GeoJSON.FeatureCollection>} data by source @param {Colour} colour @returns {Style} */
export function style(data, colour) {
  const sources = Object.fromEntries(
    ["base", ...DATA].map((name) => [name, { type: /** @type {const} */ ("geojson"), data: data[name] ?? EMPTY }]),
  );
  return {
    version: 8,
    sources: { ...sources, ...backgroundSources() },
    layers: [
      ...base(colour, !data.boundaries?.features.length),
      ...intensities(colour),
      ...people(colour),
      ...events(colour),
      ...selected(colour),
    ],
  };
}

/** @param {Colour} colour @param {boolean} hasOblasts false if the imported boundaries replace those of Natural Earth @returns {Layer[]} */
function base(colour, hasOblasts) {
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
      ...ofBase("countries"),
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
 * The features of one file of the base, or only the features that the condition selects.
 * @param {string} file
 * @param {any} [condition]
 * @returns {{source: string, filter: any}}
 */
function ofBase(file, condition = true) {
  return { source: "base", filter: ["all", ["==", ["get", "file"], file], condition] };
}

/** The expected intensities of earthquakes, in the boundaries of the districts, if they are imported, and as degrees. @param {Colour} colour @returns {Layer[]} */
function intensities(colour) {
  const tone = /** @type {any} */ ([
    "interpolate",
    ["linear"],
    ["get", "intensity"],
    4,
    colour("map-intensity-4"),
    7,
    colour("map-intensity-7"),
    10,
    colour("map-intensity-10"),
  ]);
  return [
    { id: "shaken", type: "fill", source: "shaken", paint: { "fill-color": tone, "fill-opacity": 0.45 } },
    text(
      "intensities",
      "intensities",
      colour,
      {
        "text-field": ["get", "degree"],
        "text-size": 15,
        "text-anchor": "bottom",
        "text-offset": [0, -0.3],
        "text-allow-overlap": true,
        "symbol-sort-key": ["-", 0, ["get", "intensity"]],
      },
      colour("text"),
    ),
  ];
}

/** @param {Colour} colour @returns {Layer[]} */
function people(colour) {
  const returned = circles("returns", colour("map-returns"), [0, 9]);
  return [
    circles("households", colour("map-households"), [-7, 0]),
    circles("counted", colour("map-counted"), [7, 0]),
    { ...returned, paint: { ...returned.paint, "circle-opacity": 0.1, "circle-stroke-width": 3 } },
    text(
      "return-numbers",
      "returns",
      colour,
      {
        "text-field": ["to-string", ["get", "larger"]],
        "text-size": 11,
        "text-anchor": "top",
        "text-offset": [0, 0.5],
      },
      colour("map-returns"),
    ),
    circles("localities", colour("map-localities"), [0, 0]),
    {
      id: "sites",
      type: "circle",
      source: "sites",
      paint: {
        "circle-radius": 6,
        "circle-color": [
          "case",
          ["get", "is_over"],
          colour("bad"),
          ["get", "is_counted"],
          colour("map-sites"),
          colour("surface"),
        ],
        "circle-stroke-width": 2.5,
        "circle-stroke-color": ["case", ["get", "is_over"], colour("surface"), colour("map-sites")],
      },
    },
    {
      ...text("locality-names", "localities", colour, {
        "text-size": 11,
        "text-anchor": "bottom",
        "text-offset": [0, -0.7],
      }),
      minzoom: 8,
    },
    {
      ...text("site-names", "sites", colour, { "text-size": 11, "text-anchor": "top", "text-offset": [0, 0.7] }),
      minzoom: 8,
    },
  ];
}

/** The numbers to which the areas of circles are proportional. @type {Record<string, string>} */
export const SIZE_OF = { households: "persons", counted: "persons", returns: "larger", localities: "counted_highest" };

/** Circles whose area is proportional to a number. @param {string} id @param {string} colour @param {[number, number]} beside @returns {import("/static/maplibre/maplibre-gl.mjs").CircleLayerSpecification} */
function circles(id, colour, beside) {
  return {
    id,
    type: "circle",
    source: id,
    paint: {
      "circle-radius": ["min", 45, ["+", 3, ["*", 0.8, ["sqrt", ["get", SIZE_OF[id]]]]]],
      "circle-color": colour,
      "circle-opacity": 0.5,
      "circle-stroke-width": 1.5,
      "circle-stroke-color": colour,
      "circle-translate": beside,
    },
  };
}

/** @param {Colour} colour @returns {Layer[]} */
function events(colour) {
  const tone = /** @type {any} */ ([
    "match",
    ["get", "severity"],
    ...["Extreme", "Severe", "Moderate", "Minor"].flatMap((severity) => [severity, colour(severity.toLowerCase())]),
    colour("unknown"),
  ]);
  const faded = /** @type {any} */ (["case", ["get", "is_over"], 0.35, 1]);
  const label = {
    "text-size": 12,
    "text-anchor": /** @type {const} */ ("left"),
    "text-offset": /** @type {[number, number]} */ ([1.5, 0]),
    "text-optional": true,
  };
  const marks = {
    "icon-image": /** @type {any} */ (["get", "mark"]),
    "icon-allow-overlap": true,
    "symbol-sort-key": /** @type {any} */ (["-", 0, ["get", "rank"]]),
  };
  return [
    {
      id: "areas",
      type: "fill",
      source: "areas",
      paint: { "fill-color": tone, "fill-opacity": ["case", ["get", "is_over"], 0.06, 0.18] },
    },
    {
      id: "area-lines",
      type: "line",
      source: "areas",
      paint: { "line-color": tone, "line-width": 2, "line-opacity": faded },
    },
    {
      id: "reports",
      type: "circle",
      source: "reports",
      paint: {
        "circle-radius": 15,
        "circle-opacity": 0,
        "circle-stroke-width": 3,
        "circle-stroke-color": colour("map-reports"),
        "circle-stroke-opacity": ["get", "opacity"],
      },
    },
    text("report-ages", "reports", colour, {
      "text-field": ["get", "age"],
      "text-size": 11,
      "text-anchor": "top",
      "text-offset": [0, 1.6],
    }),
    {
      id: "hazards",
      type: "symbol",
      source: "hazards",
      layout: { ...marks, ...written("label"), ...label },
      paint: { ...halo(colour), "icon-opacity": faded, "text-opacity": faded },
    },
    {
      id: "alerts",
      type: "symbol",
      source: "alerts",
      layout: {
        ...marks,
        ...written("label"),
        "icon-offset": [0, -16],
        "text-size": 11,
        "text-offset": [1.1, -2],
        "text-optional": true,
      },
      paint: halo(colour),
    },
  ];
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

/** @param {string} id @param {string} source @param {Colour} colour @param {Record<string, any>} layout @param {string} [ink] @returns {any} */
function text(id, source, colour, layout, ink = colour("map-label")) {
  return {
    id,
    type: "symbol",
    source,
    layout: { ...written("name"), "text-max-width": 8, ...layout },
    paint: { ...halo(colour), "text-color": ink },
  };
}

/** @param {string} property */
function written(property) {
  return { "text-field": /** @type {any} */ (["get", property]), "text-font": FONT };
}

/** @param {Colour} colour */
function halo(colour) {
  return { "text-color": colour("text"), "text-halo-color": colour("surface"), "text-halo-width": 1.5 };
}

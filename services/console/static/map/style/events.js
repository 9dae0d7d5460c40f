// The layers of events: hazards, reports from the field, expected intensities of earthquakes, and alerts.

import { halo, text, written } from "/static/map/style/labels.js";

/**
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").LayerSpecification} Layer
 * @typedef {import("/static/map/style/labels.js").Colour} Colour
 */

/**
 * @param {Colour} colour
 * @returns {Layer[]}
 */
export function intensities(colour) {
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
export function events(colour) {
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

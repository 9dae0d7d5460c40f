// The layers of people: displaced, returned, in localities and at sites.

import { text } from "/static/map/style/labels.js";

/**
 * @typedef {import("/static/maplibre/maplibre-gl.mjs").LayerSpecification} Layer
 * @typedef {import("/static/map/style/labels.js").Colour} Colour
 */

/** @param {Colour} colour @returns {Layer[]} */
export function people(colour) {
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

/** @type {Record<string, string>} */
export const SIZE_OF = { households: "persons", counted: "persons", returns: "larger", localities: "counted_highest" };

/**
 * @param {string} id
 * @param {string} colour
 * @param {[number, number]} beside
 * @returns {import("/static/maplibre/maplibre-gl.mjs").CircleLayerSpecification}
 */
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

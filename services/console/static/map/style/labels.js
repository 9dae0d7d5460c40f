// The text of names and numbers on the map. Without `glyphs`, MapLibre draws text in the font of the page.

/** @typedef {(name: string) => string} Colour the colour of a variable of the stylesheet */

const FONT = ["Noto Sans of the map"];

/**
 * @param {string} id
 * @param {string} source
 * @param {Colour} colour
 * @param {Record<string, any>} layout
 * @param {string} [ink]
 * @returns {any}
 */
export function text(id, source, colour, layout, ink = colour("map-label")) {
  return {
    id,
    type: "symbol",
    source,
    layout: { ...written("name"), "text-max-width": 8, ...layout },
    paint: { ...halo(colour), "text-color": ink },
  };
}

/** @param {string} property */
export function written(property) {
  return { "text-field": /** @type {any} */ (["get", property]), "text-font": FONT };
}

/** @param {Colour} colour */
export function halo(colour) {
  return { "text-color": colour("text"), "text-halo-color": colour("surface"), "text-halo-width": 1.5 };
}

// Tests whether the browser can draw the map, before the page loads the map's large library.

import { make } from "/static/elements.js";

export function canDraw() {
  return make("canvas").getContext("webgl2") !== null;
}

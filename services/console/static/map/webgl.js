// Finds out whether the browser can draw the map. The answer is known before the large library of the map is loaded.

import { make } from "/static/elements.js";

export function canDraw() {
  return make("canvas").getContext("webgl2") !== null;
}

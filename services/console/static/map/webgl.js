// Whether the browser can draw the map. This is known before the large library of the map is loaded.

export function canDraw() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

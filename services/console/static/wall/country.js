// The map of a wall screen: the country's hazards and unacknowledged alerts. Nobody touches this map.

import { element } from "/static/elements.js";
import { DrawnMap } from "/static/map/canvas.js";
import { know, marksOf, polygonsOf } from "/static/map/features.js";
import { layerRenewal, readLayer } from "/static/map/layers.js";
import { showHidden, watchAge, whenArrived } from "/static/map/notes.js";
import { canDraw } from "/static/map/webgl.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const QUIET_MS = 1000;
const LETTER_PX = 12; // the usual size of a map's letters; on the wall, they are as large as the page's letters

/** @type {DrawnMap | undefined} */
let map;
/** @type {Record<string, (features: Feature[]) => void>} */
const SHOWN = {
  units: (features) => {
    know(features);
    map?.show("units", features);
  },
  boundaries: (features) => map?.showBoundaries(features),
  hazards: (features) => {
    const named = features.map(withoutTypedText);
    map?.show("hazards", marksOf(named, "hazard"));
    map?.show("areas", polygonsOf(named));
  },
  alerts: (features) => map?.show("alerts", marksOf(features, "alert")),
};

/** Removes the text that a person typed, because everybody can read a wall screen. @param {Feature} hazard */
function withoutTypedText(hazard) {
  return { ...hazard, properties: { ...hazard.properties, type_text: null } };
}

/** @type {Record<string, () => Promise<void>>} */
const renewals = Object.fromEntries(Object.keys(SHOWN).map((name) => [name, layerRenewal(() => read(name), QUIET_MS)]));

/** @param {string} name */
async function read(name) {
  const { layer, isLate } = await readLayer(name);
  if (layer) {
    SHOWN[name](layer.features);
    showHidden(name, layer.hidden ?? 0);
  }
  return isLate;
}

/** @param {string} name */
export function drawLayer(name) {
  if (map) void renewals[name]();
}

/** Opens the map, or says that the browser cannot draw it. */
export async function openMap() {
  if (!canDraw()) return showNoMap();
  const opened = await whenArrived(() =>
    new DrawnMap(
      () => {},
      () => {},
      enlarged(),
    ).load(),
  );
  try {
    await opened.draw();
  } catch {
    return showNoMap(); // the graphics card failed
  }
  map = opened;
  for (const name of Object.keys(SHOWN)) drawLayer(name);
  watchAge("wall-map");
  addEventListener("resize", () => map?.fit(enlarged()));
}

function showNoMap() {
  element("no-map").hidden = false;
  element("map").hidden = true;
}

/** Makes the map's letters as large as the page's letters. Returns the scale. */
function enlarged() {
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / LETTER_PX;
  element("map").style.setProperty("--scale", String(scale));
  return scale;
}

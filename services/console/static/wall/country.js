// The map of a wall screen: hazards and unacknowledged alerts in the whole country. Nobody touches this map.

import { renewal } from "/static/board/renewals.js";
import { element } from "/static/elements.js";
import { DrawnMap } from "/static/map/canvas.js";
import { know, marksOf, polygonsOf } from "/static/map/features.js";
import { readLayer } from "/static/map/layers.js";
import { canDraw } from "/static/map/webgl.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const QUIET_MS = 1000; // the shortest interval between two readings of a layer
const AGAIN_MS = 1500; // a layer that is behind the stream is read again after this time
const LETTER_PX = 12; // the usual size of letters on the map, which are as large as the page's on the wall

/** @type {DrawnMap | undefined} */
let map;
/** @type {Record<string, (features: Feature[]) => void>} */
const SHOWN = {
  units: (features) => { know(features); map?.show("units", features); },
  boundaries: (features) => map?.showBoundaries(features),
  hazards: (features) => {
    const named = features.map(withoutTypedText);
    map?.show("hazards", marksOf(named, "hazard"));
    map?.show("areas", polygonsOf(named));
  },
  alerts: (features) => map?.show("alerts", marksOf(features, "alert")),
};

/** What a person typed is not shown on a wall. @param {Feature} hazard */
function withoutTypedText(hazard) {
  return { ...hazard, properties: { ...hazard.properties, type_text: null } };
}

/** @type {Record<string, () => Promise<void>>} */
const renewals = Object.fromEntries(Object.keys(SHOWN).map((name) => [name, renewal(() => read(name), QUIET_MS)]));

/** @param {string} name */
async function read(name) {
  const { layer, isLate } = await readLayer(name);
  if (isLate) setTimeout(renewals[name], AGAIN_MS);
  if (layer) SHOWN[name](layer.features);
}

/** Draws a layer again. @param {string} name */
export function drawLayer(name) {
  if (map) void renewals[name]();
}

/** Without WebGL or the base map, the page says so. */
export async function openMap() {
  const opened = canDraw() ? new DrawnMap(() => {}, () => {}, enlarged()) : undefined;
  await opened?.open().then(() => { map = opened; }, () => undefined);
  element("no-map").hidden = map !== undefined;
  element("map").hidden = map === undefined;
  for (const name of Object.keys(SHOWN)) drawLayer(name);
  addEventListener("resize", () => map?.fit(enlarged()));
}

/** Makes the map's letters as large as those of the page, whatever the size of the screen. Returns the scale. */
function enlarged() {
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / LETTER_PX;
  element("map").style.setProperty("--scale", String(scale));
  return scale;
}

// The notes of a page about its map: not arrived, out of date, or incomplete.

import { lostForMs } from "/static/board/listening.js";
import { element, showText } from "/static/elements.js";
import { layersAgeMs, layersBehindMs } from "/static/map/layers.js";
import { now } from "/static/server-time.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { clock } from "/static/time.js";

const AGAIN_MS = 5000; // after this time, missing files of the map are loaded again
const LATE_MS = 15_000;
const TICK_MS = 1000;

/** @type {Map<string, number>} */
const hidden = new Map();

/**
 * Repeats `load` until it succeeds, and says meanwhile that the map is missing.
 * @template Loaded
 * @param {() => Promise<Loaded>} load
 * @returns {Promise<Loaded>}
 */
export async function whenArrived(load) {
  for (;;) {
    const loaded = await load().catch((error) => void console.error(error));
    element("map-missing").hidden = loaded !== undefined;
    if (loaded !== undefined) return loaded;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/**
 * Shows a note while the map is out of date, or while the page is not connected.
 * @param {string} panel
 */
export function watchAge(panel) {
  setInterval(() => {
    const isLate = Math.max(layersBehindMs(), lostForMs()) > LATE_MS;
    element(panel).classList.toggle("is-late", isLate);
    showText(
      "map-late",
      isLate
        ? sentence("map_late", { time: clock(new Date(now().getTime() - Math.max(layersAgeMs(), lostForMs()))) })
        : "",
    );
  }, TICK_MS);
}

/** @param {string} layer @param {number} count */
export function showHidden(layer, count) {
  hidden.set(layer, count);
  const all = [...hidden.values()].reduce((sum, each) => sum + each, 0);
  showText("map-hidden", all ? sentence("hidden", { count: number.format(all) }) : "");
}

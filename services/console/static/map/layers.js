// Reads the map's layers from the server, and measures how far the map is behind the stream.

import { renewal } from "/static/board/renewals.js";
import { heardBeforeLoss, stand } from "/static/board/listening.js";
import { call } from "/static/calls.js";
import { ended } from "/static/link.js";

const AGAIN_MS = 1500; // a layer is read again after this time, if it got no answer or is behind the stream

/**
 * `currentUntil` is the last time at which the layer surely showed all changes.
 * @typedef {{heardAt: number, currentUntil: number}} Change
 */
/**
 * `heard` is the oldest waiting change, and `readFor` the oldest change for which the layer is being read.
 * @typedef {{heard?: Change, readFor?: Change, readAt: number}} Due
 */

/**
 * `hidden` counts the features without room on the map. `uncomputed` counts the earthquakes without an intensity.
 * @typedef {{features: import("/static/map/features.js").Feature[], hidden?: number, uncomputed?: number}} Layer
 */

/** @type {Due[]} */
const layers = [];

/** Returns how long the page has known of the oldest change that a layer does not show. */
export function layersBehindMs() {
  return longestMs(({ heardAt }) => heardAt);
}

/** Returns the age of the shown state. After a loss of the connection, the age counts from the time of the loss. */
export function layersAgeMs() {
  return longestMs(({ currentUntil }) => currentUntil);
}

/** @param {(change: Change) => number} moment */
function longestMs(moment) {
  const now = performance.now();
  return Math.max(
    0,
    ...layers.flatMap(({ heard, readFor }) => readFor ?? heard ?? []).map((change) => now - moment(change)),
  );
}

/**
 * Returns a function that reads the layer until the layer is as new as the stream. `read` returns true if the layer
 * must be read again.
 * @param {() => Promise<boolean>} read
 * @param {number} quietMs
 */
export function layerRenewal(read, quietMs) {
  /** @type {Due} */
  const due = { readAt: -Infinity };
  layers.push(due);
  const renew = renewal(async () => {
    due.readFor ??= due.heard;
    due.heard = undefined;
    const begunAt = performance.now();
    if (await read()) return void setTimeout(renew, AGAIN_MS);
    due.readFor = undefined;
    due.readAt = begunAt;
  }, quietMs);
  return () => {
    const heardAt = performance.now();
    due.heard ??= {
      heardAt,
      currentUntil: heardBeforeLoss() > due.readAt ? Math.min(heardBeforeLoss(), heardAt) : heardAt,
    };
    return renew();
  };
}

/**
 * Reads a layer. `isLate` is true if the server is behind the stream, or did not answer.
 * @param {string} name
 * @returns {Promise<{layer?: Layer, isLate: boolean}>}
 */
export async function readLayer(name) {
  const answer = await call("GET", `/console/v1/map/${name}?at=${stand()}`);
  if (answer.status === 401) ended();
  if (!answer.ok) return { isLate: answer.status !== 401 };
  return { layer: await answer.json(), isLate: answer.headers.has("x-late") };
}

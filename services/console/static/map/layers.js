// Reads the layers of the map from the server, and knows how far the map is behind the stream.

import { renewal } from "/static/board/renewals.js";
import { heardBeforeLoss, stand } from "/static/board/listening.js";
import { call } from "/static/calls.js";
import { ended } from "/static/link.js";

const AGAIN_MS = 1500; // after this time, a layer without an answer or behind the stream is read again

/**
 * @typedef {{heardAt: number, currentUntil: number}} Change `currentUntil` is the last time at which the layer surely
 *   showed everything
 */
/**
 * @typedef {{heard?: Change, readFor?: Change, readAt: number}} Due the oldest change that waits, and the oldest for
 *   which the layer is read now
 */

/**
 * @typedef {{features: import("/static/map/features.js").Feature[], hidden?: number, uncomputed?: number}} Layer with
 *   the number of features that have no room, and of earthquakes whose intensity cannot be computed
 */

/** @type {Due[]} */
const layers = [];

/** For how long the page has known of the oldest change that a layer does not show yet. */
export function layersBehindMs() {
  return longestMs(({ heardAt }) => heardAt);
}

/** If the connection was lost before the page heard of a change, the page shows the state at the time of the loss. */
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
 * Repeats the reading until the layer is as new as the stream.
 * @param {() => Promise<boolean>} read returns whether the layer must be read again
 * @param {number} quietMs the shortest interval between two readings
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
 * `isLate` is true without an answer, or if the server is behind the stream.
 * @param {string} name
 * @returns {Promise<{layer?: Layer, isLate: boolean}>}
 */
export async function readLayer(name) {
  const answer = await call("GET", `/console/v1/map/${name}?at=${stand()}`);
  if (answer.status === 401) ended();
  if (!answer.ok) return { isLate: answer.status !== 401 };
  return { layer: await answer.json(), isLate: answer.headers.has("x-late") };
}

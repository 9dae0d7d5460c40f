// Reads the layers of the map from the server.

import { stand } from "/static/board/listening.js";
import { call } from "/static/calls.js";
import { ended } from "/static/link.js";

/**
 * A layer as the server gives it, with the number of features that have no room. `isLate` is true if the layer must be
 * read again, because there is no answer, or because the server is behind the stream.
 * @param {string} name
 * @returns {Promise<{layer?: {features: import("/static/map/features.js").Feature[], hidden?: number}, isLate: boolean}>}
 */
export async function readLayer(name) {
  const answer = await call("GET", `/console/v1/map/${name}?at=${stand()}`);
  if (answer.status === 401) ended();
  if (!answer.ok) return { isLate: answer.status !== 401 };
  return { layer: await answer.json(), isLate: answer.headers.has("x-late") };
}

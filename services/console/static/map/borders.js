// The borders of the base's countries. The file of Natural Earth is cut off at four edges, which are not borders.

/** @typedef {import("/static/map/features.js").Feature} Feature */
/** @typedef {[number, number]} Position longitude and latitude */

const EDGES = [
  [66, 83.5], // longitudes
  [36.5, 46], // latitudes
];
const NEAR = 0.01; // degrees; a simplified corner can be this far from the edge

/** @param {Feature} country @returns {Feature} */
export function borderOf({ properties, geometry }) {
  const { coordinates } = /** @type {GeoJSON.Polygon | GeoJSON.MultiPolygon} */ (geometry);
  const rings = /** @type {Position[][]} */ (geometry?.type === "MultiPolygon" ? coordinates.flat() : coordinates);
  return {
    type: "Feature",
    geometry: { type: "MultiLineString", coordinates: rings.flatMap(lines) },
    properties: { ...properties, file: "borders" },
  };
}

/** @param {Position[]} ring */
function lines(ring) {
  /** @type {Position[][]} */
  const found = [[]];
  for (const [place, position] of ring.entries()) {
    if (place && isOnEdge(ring[place - 1], position)) found.push([]);
    found.at(-1)?.push(position);
  }
  return found.filter((line) => line.length > 1);
}

/** @param {Position} one @param {Position} other */
function isOnEdge(one, other) {
  return EDGES.some((edges, axis) =>
    edges.some((edge) => Math.abs(one[axis] - edge) < NEAR && Math.abs(other[axis] - edge) < NEAR),
  );
}

// The point of an event, which a person types or takes from the map.

/**
 * @typedef {{lat: number, lon: number}} Point
 * @typedef {{point: Point | null, pcode: string | null}} Spot what a person chose on the map: a point, a district, or
 *   both
 */

// The area of the map, in degrees. A point outside usually has latitude and longitude in the wrong order.
const AROUND = { lat: [34, 48], lon: [60, 90] };
const WRITTEN = /^(\d{1,2}(?:[.,]\d{1,8})?)(?:\s*[;,]\s*|\s+)(\d{1,2}(?:[.,]\d{1,8})?)$/;

/** @param {string} text @returns {Point | undefined} undefined if the text is no point in the area of the map */
export function readPoint(text) {
  const found = WRITTEN.exec(text.trim());
  if (!found) return undefined;
  const [lat, lon] = found.slice(1).map((degrees) => Number(degrees.replace(",", ".")));
  return isWithin(lat, AROUND.lat) && isWithin(lon, AROUND.lon) ? { lat, lon } : undefined;
}

/** @param {number} degrees @param {number[]} bounds */
function isWithin(degrees, [lowest, highest]) {
  return degrees >= lowest && degrees <= highest;
}

/** @param {Point | null | undefined} point */
export function writtenPoint(point) {
  return point ? `${point.lat}, ${point.lon}` : "";
}

/** Waits for a point from the map that this form has opened. @param {(spot: Spot) => void} taken */
export function receivePoint(taken) {
  addEventListener("message", ({ origin, data }) => {
    if (origin === location.origin && "point" in Object(data)) taken(data);
  });
}

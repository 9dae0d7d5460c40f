// Finds the phone's position, and shows the accuracy of the position. Of several positions at one place, the form keeps
// the most precise. A position from the map has no accuracy.

import { element } from "./elements.js";
import { tell } from "./page.js";
import { sentence } from "./texts.js";

/** @typedef {{lat: number, lon: number, accuracy?: number}} Point */
/** @typedef {Point & {accuracy: number}} Located by GPS */

const LOCATING_MS = 20_000;
const DEGREE_M = 111_195; // on a meridian
const DIGITS = 5; // decimal places of a degree; five places are about one metre
const LIMIT_M = Number(element("main").dataset.metres);

/**
 * Find the phone's position for the open report. The position is dropped if the form shows another report by then.
 * @param {() => {point: Point | null}} open
 * @param {() => void} located
 */
export function locate(open, located) {
  const asking = open(),
    before = asking.point;
  findPoint(
    (point) => {
      // A point that the author has chosen on the map during the search stays.
      if (asking !== open() || (asking.point !== before && asking.point && !isLocated(asking.point))) return;
      asking.point = better(point, asking.point);
      showPoint(asking.point);
      located();
    },
    () => {
      if (asking === open()) showUnlocated(asking.point);
    },
  );
}

/** @param {(point: Located) => void} found @param {() => void} failed */
function findPoint(found, failed) {
  tell(element("located"), sentence("locating"));
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      found({ lat: round(coords.latitude), lon: round(coords.longitude), accuracy: Math.round(coords.accuracy) });
    },
    failed,
    { enableHighAccuracy: true, maximumAge: 0, timeout: LOCATING_MS },
  );
}

/**
 * Return the more precise of two positions. If the phone has moved between them, return the new position.
 * @param {Located} point
 * @param {Point | null} before
 * @returns {Point}
 */
function better(point, before) {
  return before &&
    isLocated(before) &&
    before.accuracy < point.accuracy &&
    metres(before, point) <= before.accuracy + point.accuracy
    ? before
    : point;
}

/**
 * Return the approximate distance, which is accurate for points close to each other.
 * @param {Point} one
 * @param {Point} other
 */
function metres(one, other) {
  const north = one.lat - other.lat,
    east = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(north, east) * DEGREE_M;
}

/** @param {Point} point @returns {point is Located} */
function isLocated(point) {
  return point.accuracy !== undefined;
}

/** @param {Point | null} point */
export function showPoint(point) {
  element("located").classList.toggle("problem", Boolean(point?.accuracy && point.accuracy > LIMIT_M));
  tell(element("located"), point ? words(point) : "");
  element("locate").textContent = sentence(point && isLocated(point) ? "locateAgain" : "locate");
  element("remove-point").hidden = !point;
}

/** @param {Point} point */
function words(point) {
  if (!isLocated(point)) return sentence("fromMap", { point: coordinates(point) });
  return sentence(point.accuracy <= LIMIT_M ? "located" : "imprecise", { metres: point.accuracy, limit: LIMIT_M });
}

/** @param {Point} point */
export function coordinates({ lat, lon }) {
  return [lat, lon].map((degrees) => degrees.toFixed(DIGITS)).join(", ");
}

/** Show that no position was found, unless the report already has a point. @param {Point | null} point */
function showUnlocated(point) {
  if (point) showPoint(point);
  else tell(element("located"), sentence("unlocated"));
}

/** @param {number} degrees */
export function round(degrees) {
  return Number(degrees.toFixed(DIGITS));
}

// Finds the phone's position for the form, and shows how precise it is. The most precise of several positions at one
// place is kept.

import { element } from "./elements.js";
import { tell } from "./page.js";
import { sentence } from "./texts.js";

/** @typedef {{lat: number, lon: number, accuracy: number}} Point */

const LOCATING_MS = 20_000;
const DEGREE_M = 111_195; // on a meridian
const LIMIT_M = Number(element("main").dataset.metres);

/**
 * The position is only for the report that was open at the request.
 * @param {() => {point: Point | null}} open @param {() => void} located
 */
export function locate(open, located) {
  const asking = open();
  findPoint(
    (point) => {
      if (asking !== open()) return;
      asking.point = better(point, asking.point);
      showPoint(asking.point);
      located();
    },
    () => {
      if (asking === open()) showUnlocated(asking.point);
    },
  );
}

/** @param {(point: Point) => void} found @param {() => void} failed */
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
 * A position that the phone has left is no longer used, even if the position was precise.
 * @param {Point} point
 * @param {Point | null} before
 * @returns {Point}
 */
function better(point, before) {
  return before && before.accuracy < point.accuracy && metres(before, point) <= before.accuracy + point.accuracy
    ? before
    : point;
}

/** A good approximation for points that are not far apart. @param {Point} one @param {Point} other */
function metres(one, other) {
  const north = one.lat - other.lat,
    east = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(north, east) * DEGREE_M;
}

/** @param {Point | null} point */
export function showPoint(point) {
  const isPrecise = !point || point.accuracy <= LIMIT_M;
  element("located").classList.toggle("problem", !isPrecise);
  tell(
    element("located"),
    point ? sentence(isPrecise ? "located" : "imprecise", { metres: point.accuracy, limit: LIMIT_M }) : "",
  );
  element("locate").textContent = sentence(point ? "locateAgain" : "locate");
}

/** A position that was found before is kept. @param {Point | null} point */
function showUnlocated(point) {
  if (point) showPoint(point);
  else tell(element("located"), sentence("unlocated"));
}

/** @param {number} degrees */
function round(degrees) {
  return Math.round(degrees * 100_000) / 100_000; // about one metre
}

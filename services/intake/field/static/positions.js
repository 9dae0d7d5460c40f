// Finds the phone's position for the form, and shows how precise the position is.

import { element } from "./elements.js";
import { tell } from "./page.js";
import { sentence } from "./texts.js";

/** @typedef {{lat: number, lon: number, accuracy: number}} Point */

const LOCATING_MS = 20_000;

/** @param {(point: Point) => void} found @param {() => void} failed */
export function findPoint(found, failed) {
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    found({ lat: round(coords.latitude), lon: round(coords.longitude), accuracy: Math.round(coords.accuracy) });
  }, failed, { enableHighAccuracy: true, timeout: LOCATING_MS });
}

/** @param {Point | null} point */
export function showPoint(point) {
  tell(element("located"), point ? sentence("located", { metres: point.accuracy }) : "");
}

/** @param {number} degrees */
function round(degrees) {
  return Math.round(degrees * 100_000) / 100_000; // five decimal places of a degree are about one metre
}

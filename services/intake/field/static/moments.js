// The form's fields for the time of a departure, and for the precision of this time. The field of the hour is visible
// only if the author knows the hour.

import { element } from "./elements.js";
import { instant, local, noon } from "./time.js";

/** @typedef {import("./kept.js").Body} Body */

const precision = /** @type {HTMLSelectElement} */ (element("occurred-precision"));
const day = /** @type {HTMLInputElement} */ (element("occurred"));
const hour = /** @type {HTMLInputElement} */ (element("occurred-time"));
const mobility = /** @type {HTMLSelectElement} */ (element("mobility"));
let isChosen = false; // by the author

export function listenToMoments() {
  precision.addEventListener("change", () => {
    isChosen = true;
    showHour();
  });
  mobility.addEventListener("change", preset);
}

export function readMoment() {
  const isHour = precision.value === "hour" && hour.value;
  return {
    occurred_at: isHour ? instant(`${day.value}T${hour.value}`).toISOString() : noon(day.value),
    occurred_at_precision: precision.value === "hour" && !isHour ? "day" : precision.value,
  };
}

/** @param {Body} [body] without a report, the fields keep their defaults */
export function writeMoment(body) {
  isChosen = Boolean(body);
  if (body) {
    precision.value = body.occurred_at_precision ?? "day";
    const left = new Date(body.occurred_at); // in a draft, the day may be missing
    [day.value, hour.value] = Number.isNaN(left.getTime()) ? ["", ""] : local(left).split("T");
    if (precision.value !== "hour") hour.value = "";
  }
  preset();
}

/**
 * Set the usual precision until the author chooses a precision. The usual precision of a migration is the month,
 * because few people remember the day.
 */
function preset() {
  if (!isChosen) precision.value = mobility.value === "migration" ? "month" : "day";
  showHour();
}

function showHour() {
  element("occurred-hour").hidden = precision.value !== "hour";
}

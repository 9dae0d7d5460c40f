// The form's fields for the time when people left, and for the precision of this time. The hour is shown only if it is
// known.

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
    const left = new Date(body.occurred_at); // a draft may have no day yet
    [day.value, hour.value] = Number.isNaN(left.getTime()) ? ["", ""] : local(left).split("T");
    if (precision.value !== "hour") hour.value = "";
  }
  preset();
}

/** Few people remember the day of a migration, so the field asks only for the month. */
function preset() {
  if (!isChosen) precision.value = mobility.value === "migration" ? "month" : "day";
  showHour();
}

function showHour() {
  element("occurred-hour").hidden = precision.value !== "hour";
}

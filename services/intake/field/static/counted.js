// The form's fields for the time of a count, and for the precision of this time. An author who does not know the hour
// enters only the day.

import { element } from "./elements.js";
import { instant, local, noon } from "./time.js";

/** @typedef {import("./kept.js").Body} Body */

const precision = /** @type {HTMLSelectElement} */ (element("counted-precision"));
const field = /** @type {HTMLInputElement} */ (element("counted"));
let hour = ""; // the last entered hour: the field shows this hour again when the author chooses the hour again

export function listenToCounted() {
  precision.addEventListener("change", show);
}

export function readCounted() {
  if (!field.value) return {};
  const at = isHour() ? instant(field.value).toISOString() : noon(field.value);
  return { counted_at: at, counted_at_precision: precision.value };
}

/** @param {Body} [body] without a report, or without a time, the field shows the present time */
export function writeCounted(body) {
  precision.value = body?.counted_at_precision ?? "hour";
  field.type = "datetime-local";
  field.value = local(body?.counted_at ? new Date(body.counted_at) : new Date());
  show();
}

function show() {
  const [day, clock = hour] = field.value.split("T");
  hour = clock;
  field.type = isHour() ? "datetime-local" : "date";
  field.value = isHour() && day ? `${day}T${hour || "12:00"}` : day;
}

function isHour() {
  return precision.value === "hour";
}

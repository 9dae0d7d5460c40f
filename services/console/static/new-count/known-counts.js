// The stored count, for its correction. The correction keeps the stored values of fields that the form does not have.

import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { corrected as correctedJourney, showJourney } from "/static/entry/known-journeys.js";
import { counted } from "/static/new-count/counted.js";

/**
 * @typedef {import("/static/entry/journeys.js").Journey} Journey
 * @typedef {import("/static/entry/known-reports.js").Known} Known
 */

const SHOWN = [
  "quantifier",
  "households",
  "household_unit",
  "persons_estimated",
  "counted_at",
  "counted_at_precision",
  "is_full_recount",
];
const PLACE = ["destination_locality", "destination_locality_pcode", "destination_point"];

/**
 * @param {Known} known
 * @param {HTMLFormElement} form
 * @param {Journey} journey
 * @param {import("/static/new-count/counted.js").Counted} time
 */
export async function show(known, form, journey, time) {
  await showJourney(known, form, journey);
  input("quantifier").value = known.quantifier ?? "exact";
  input("households").value = String(known.households ?? "");
  input("household_unit").value = known.household_unit ?? "families";
  input("persons-estimated").checked = Boolean(known.persons_estimated);
  time.show(known);
  input("full-recount").checked = Boolean(known.is_full_recount);
  /** @type {HTMLDetailsElement} */ (element("details")).open = Boolean(known.sex_age?.length || known.needs?.length);
}

/**
 * Returns the corrected count. The typed name of the place stays if the site is the same.
 * @param {Known} known
 * @param {Known} body
 * @returns {Known}
 */
export function corrected(known, body) {
  const isSameSite = known.site_id && known.site_id === body.site_id,
    isSameTime = isSame(known, body);
  const whole = correctedJourney(known, isSameSite ? without(PLACE, body) : body, SHOWN);
  return {
    ...whole,
    ...(isSameSite && only(PLACE, known)),
    measure: known.measure,
    ...(isSameTime && { counted_at: known.counted_at ?? known.reported_at }),
  };
}

/**
 * True if the form has the stored time. The form shows minutes, or only the day if the hour is not known.
 * @param {Known} known
 * @param {Known} body
 */
function isSame(known, body) {
  const { counted_at_precision: precision = "hour" } = known,
    isHour = precision === "hour";
  const [before, now] = [known, body].map((count) => (isHour ? counted(count) : counted(count).split(" ")[0]));
  return precision === body.counted_at_precision && before === now;
}

/** @param {string[]} names @param {Known} report @returns {Known} */
function without(names, report) {
  return Object.fromEntries(Object.entries(report).filter(([name]) => !names.includes(name)));
}

/** @param {string[]} names @param {Known} report @returns {Known} */
function only(names, report) {
  return Object.fromEntries(names.filter((name) => report[name] !== undefined).map((name) => [name, report[name]]));
}

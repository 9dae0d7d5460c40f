// The stored report of a displacement, for its correction. The correction keeps the stored values of all fields that
// the form does not have.

import { written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { choosePlace, chooseSite, sameTime } from "/static/entry/known-fields.js";

/**
 * @typedef {import("/static/entry/journeys.js").Journey} Journey
 * @typedef {import("/static/entry/known-reports.js").Known} Known
 */

// Fields of both forms. An empty field in the form deletes the stored value.
const SHOWN = [
  "persons",
  "sex_age",
  "origin",
  "origin_locality",
  "destination",
  "destination_locality",
  "site_id",
  "shelter",
  "occurred_at",
  "occurred_at_precision",
  "reasons",
  "reason_text",
  "hazard_type",
  "mobility",
  "evacuation",
  "needs",
  "is_urgent",
  "notes",
];

/**
 * @param {Known} known
 * @param {HTMLFormElement} form
 * @param {Journey} journey
 */
export async function showJourney(known, form, journey) {
  for (const search of [journey.hazard, journey.village, journey.site]) search.clear();
  choosePlace(journey.origin, known.origin.pcode ?? known.origin.country);
  choosePlace(journey.destination, known.destination.pcode ?? known.destination.country);
  journey.follows = false;
  input("origin-locality").value = known.origin_locality ?? "";
  input("destination-locality").value = known.destination_locality ?? "";
  if (known.site_id) await chooseSite(journey.site, known.site_id);
  if (known.hazard_type) journey.hazard.set(known.hazard_type);
  for (const [id, value] of Object.entries({
    persons: known.persons,
    shelter: known.shelter ?? "unknown",
    mobility: known.mobility ?? "displacement",
    evacuation: known.evacuation,
    notes: known.notes,
  }))
    input(id).value = String(value ?? "");
  journey.departure.show(known);
  journey.reasons.show(known);
  journey.showEvacuation();
  for (const counter of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-age]"))) {
    const counted = known.sex_age?.find(
      (/** @type {Known} */ { sex, age }) => sex === counter.dataset.sex && age === counter.dataset.age,
    );
    counter.value = String(counted?.count ?? "");
  }
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=needs]")))
    box.checked = Boolean(known.needs?.includes(box.value));
  input("is-urgent").checked = Boolean(known.is_urgent);
  /** @type {HTMLElement} */ (element("failure")).hidden = true;
}

/**
 * Returns the corrected report: the form's values, and the stored values of fields that the form does not have.
 * @param {Known} known @param {Known} body @param {string[]} shown the fields that only this form shows
 * @returns {Known}
 */
export function corrected(known, body, shown) {
  const kept = Object.fromEntries(
    Object.entries(known).filter(([name]) => !SHOWN.includes(name) && !shown.includes(name)),
  );
  for (const side of ["origin", "destination"])
    if (isChanged(known, body, side)) for (const name of ["point", "locality_pcode"]) delete kept[`${side}_${name}`];
  if (body.hazard_type !== known.hazard_type) delete kept.hazard_id;
  // the form has no field for persons of unknown sex or age
  const uncounted = (known.sex_age ?? []).filter((/** @type {Known} */ { sex, age }) => [sex, age].includes("unknown"));
  const counts = [...(body.sex_age ?? []), ...uncounted];
  return {
    ...kept,
    ...body,
    ...(counts.length && { sex_age: counts }),
    ...(isSameHour(known, body) && sameTime(known, body)),
  };
}

/** True if the form states the stored hour, or no hour. @param {Known} known @param {Known} body */
function isSameHour(known, body) {
  return (
    body.occurred_at_precision !== "hour" ||
    written(new Date(known.occurred_at)) === written(new Date(body.occurred_at))
  );
}

/**
 * @param {Known} known
 * @param {Known} body
 * @param {string} side
 */
function isChanged(known, body, side) {
  return (
    [side, `${side}_locality`].some((name) => JSON.stringify(known[name]) !== JSON.stringify(body[name])) ||
    (side === "destination" && known.site_id !== body.site_id)
  );
}

// Find invalid fields, and unlikely values that the author must confirm. Each message names the field and the reason.

import { birthText, birthYear, isBornAfter } from "./births.js";
import { element, make } from "./elements.js";
import { expectation } from "./expectations.js";
import { tooYoung } from "./functioning.js";
import { isTooLong } from "./hazards.js";
import { isMovementKind } from "./kept.js";
import { controlOf, nameOf, personOf, placeName } from "./labels.js";
import { contradictions, knownOf, sizeExceeded } from "./movements.js";
import { tell } from "./page.js";
import { counters } from "./reports.js";
import { sentence } from "./texts.js";
import { local, timeOf } from "./time.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */
/** @typedef {{control: Control, text: string}} Problem */

const UNKNOWN = ["ZZ", "XX"]; // the codes of an unknown place, and of an unknown country abroad
const MANY_PERSONS = 30;
const FIRST_BIRTH = 1905;
const FIRST_DAY = "1990-01-01";
const AHEAD_MS = 15 * 60_000; // as intake allows

/** @param {HTMLFormElement} form @returns {Problem[]} in the order of the form */
export function problems(form) {
  const invalid = controls(form)
    .filter((control) => reason(control))
    .map((control) => ({ control, text: `${nameOf(control)}: ${reason(control)}` }));
  return invalid.length
    ? invalid
    : [
        ...contradictions(),
        ...placeless(form),
        ...tooLong(form),
        ...unequal(form),
        ...(isHousehold(form) ? tooYoung() : []),
      ];
}

/**
 * The author corrects a refused report: return the fields that the centre refused.
 * @param {import("./kept.js").FieldError[]} errors
 * @returns {Problem[]}
 */
export function refusedFields(errors) {
  return errors.flatMap((error) => {
    const control = controlOf(error.pointer);
    return control
      ? [
          {
            control,
            text: [sentence("check", { field: nameOf(control) }), expectation(error)].filter(Boolean).join(". "),
          },
        ]
      : [];
  });
}

/**
 * Return only the first message and the number of further messages, because the field must stay visible on a small
 * screen.
 * @param {string[]} messages
 */
export function summed(messages) {
  const more = messages.length > 1 ? sentence("more", { count: messages.length - 1 }) : "";
  return [...messages.slice(0, 1), more].filter(Boolean).join("\n");
}

/**
 * The report of a full recount must name the place, because a full recount replaces the earlier counts of this place.
 * @param {HTMLFormElement} form
 * @returns {Problem[]}
 */
function placeless(form) {
  const place = /** @type {HTMLInputElement} */ (form.elements.namedItem("destination_locality"));
  const box = form.querySelector("[name=is_full_recount]:checked"),
    isRecount = box && !box.closest("[hidden]");
  return isRecount && !place.value.trim() ? [{ control: place, text: `${nameOf(place)}: ${sentence("missing")}` }] : [];
}

/** @param {HTMLFormElement} form @returns {Problem[]} */
function tooLong(form) {
  const words = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("notes"));
  return isTooLong() ? [{ control: words, text: `${nameOf(words)}: ${sentence("long")}` }] : [];
}

/** @param {HTMLFormElement} form @returns {Problem[]} */
function unequal(form) {
  const persons = /** @type {HTMLInputElement} */ (form.elements.namedItem("persons"));
  const listed = isHousehold(form) ? element("members").childElementCount : 0;
  if (listed && listed !== Number(persons.value))
    return [{ control: persons, text: sentence("listed", { listed, persons: persons.value }) }];
  const counted = counters(form).filter((counter) => counter.value && !counter.closest("[data-kind][hidden]"));
  const sum = counted.reduce((before, counter) => before + Number(counter.value), 0);
  return sum > Number(persons.value)
    ? [{ control: counted[0], text: sentence("counts", { sum, persons: persons.value }) }]
    : [];
}

/** @param {HTMLFormElement} form */
function isHousehold(form) {
  return Boolean(form.querySelector("[name=kind][value=household]:checked"));
}

/** @param {HTMLFormElement} form @returns {Control[]} */
function controls(form) {
  const all = [...form.elements].filter(
    (control) =>
      control instanceof HTMLInputElement ||
      control instanceof HTMLSelectElement ||
      control instanceof HTMLTextAreaElement,
  );
  return all.filter((control) => !control.closest("[hidden]"));
}

/** @param {Control} control */
function reason(control) {
  const { validity } = control;
  // A day in the future is possible, because the phone's clock may be wrong. The author has to confirm a day in the
  // future, but may send the report.
  if (validity.valid || (isDay(control) && validity.rangeOverflow)) return "";
  if (validity.customError) return control.validationMessage;
  if (validity.valueMissing) return isDay(control) ? sentence("day") : sentence("missing");
  if (validity.badInput || validity.stepMismatch) return isDay(control) ? sentence("day") : sentence("integer");
  if (control instanceof HTMLInputElement && (validity.rangeUnderflow || validity.rangeOverflow))
    return sentence("between", { min: control.min, max: control.max });
  return validity.patternMismatch ? sentence(control.dataset.pattern ?? "digits") : sentence("long");
}

/** @param {Control} control */
function isDay(control) {
  return control.type === "date" || control.type === "datetime-local";
}

/**
 * Return one question to the author for each unlikely value.
 * @param {import("./kept.js").Body} body
 * @param {string} today
 */
export function oddities(body, today) {
  const day = dayOf(body);
  return [
    body.kind === "household" && body.persons > MANY_PERSONS && sentence("oddPersons", { count: body.persons }),
    ...(body.members ?? []).map(
      (/** @type {any} */ member, /** @type {number} */ place) =>
        isOddBirth(member, today) && `${personOf(place)}: ${sentence("oddBirth", { birth: birthText(member) })}`,
    ),
    day < FIRST_DAY &&
      !isMovementKind(body.kind) &&
      body.kind !== "hazard" &&
      sentence("oddLeft", { day: shownDay(day) }),
    day > today &&
      sentence(body.kind === "household" || body.kind === "group" ? "oddFuture" : "oddMoved", { day: shownDay(day) }),
    isCountAhead(body, today) && sentence("oddCounted", { time: timeOf(body.counted_at, body.counted_at_precision) }),
    sizeExceeded(body) &&
      sentence(body.kind === "group_movement" ? "oddGroupPart" : "oddPart", {
        count: body.persons,
        persons: sizeExceeded(body) ?? "",
      }),
    ["household", "group"].includes(body.kind) &&
      isSamePlace(body) &&
      sentence("oddPlace", { place: placeName(body.destination) }),
    ...(isMovementKind(body.kind) ? againstReports(body, day) : []),
  ]
    .filter(Boolean)
    .map(String);
}

/**
 * Return one question to the author for each contradiction between the movement and this phone's reports.
 * @param {import("./kept.js").Body} body
 * @param {string} day
 */
function againstReports(body, day) {
  const { left, died, place } = knownOf(body),
    [departed, lastDay] = [left, died].map((report) => (report && isOfDay(report) ? dayOf(report) : ""));
  const isThere =
    place &&
    body.destination &&
    !body.destination_locality &&
    !body.destination_site_id &&
    placeName(place) === placeName(body.destination);
  return [
    departed &&
      isOfDay(body) &&
      day < departed &&
      sentence("oddBefore", { day: shownDay(day), left: shownDay(departed) }),
    lastDay && isOfDay(body) && day > lastDay && sentence("oddDied", { day: shownDay(day), died: shownDay(lastDay) }),
    isThere && sentence("oddHere", { place: placeName(place) }),
  ];
}

/** @param {Record<string, any>} report */
function isOfDay({ occurred_at, occurred_at_precision }) {
  return Boolean(occurred_at) && ["hour", "day"].includes(occurred_at_precision);
}

/**
 * True if the count is in the future. A count without a known hour has the time 12:00, so only its day is compared.
 * @param {Record<string, any>} report
 * @param {string} today
 */
function isCountAhead({ counted_at, counted_at_precision }, today) {
  if (!counted_at) return false;
  return counted_at_precision === "hour"
    ? new Date(counted_at) > new Date(Date.now() + AHEAD_MS)
    : dayOf({ occurred_at: counted_at }) > today;
}

/** @param {Record<string, any>} report */
function dayOf({ occurred_at, onset = occurred_at }) {
  return local(new Date(onset)).slice(0, 10);
}

/** @param {import("./births.js").Birth} member @param {string} today */
function isOddBirth(member, today) {
  return (birthYear(member) ?? FIRST_BIRTH) < FIRST_BIRTH || isBornAfter(member, today);
}

/**
 * True if the people moved, but the origin and the destination are the same known place.
 * @param {import("./kept.js").Body} body
 */
function isSamePlace({ origin, destination, mobility, origin_locality, destination_locality, site_id }) {
  if (
    mobility === "unable_to_move" ||
    site_id ||
    UNKNOWN.includes(origin.country) ||
    origin_locality !== destination_locality
  )
    return false;
  return origin.pcode === destination.pcode && origin.country === destination.country;
}

/** @param {string} day */
function shownDay(day) {
  return day.split("-").reverse().join(".");
}

/**
 * Mark the invalid fields, open the sections that contain them, and focus the first field.
 * @param {HTMLFormElement} form
 * @param {Problem[]} invalid
 */
export function mark(form, invalid) {
  for (const control of controls(form)) unmark(control);
  for (const { control, text } of invalid) {
    for (let details = control.closest("details"); details; details = details.parentElement?.closest("details") ?? null)
      details.open = true;
    control.setAttribute("aria-invalid", "true");
    control.closest(".field")?.append(note(control, text));
  }
  // if the field is in a hidden step, the form shows this step
  invalid[0]?.control.dispatchEvent(new Event("dayar-reveal", { bubbles: true }));
  invalid[0]?.control.focus({ preventScroll: true });
  invalid[0]?.control.scrollIntoView({ block: "center" });
}

/**
 * Remove the message at the field. When no field has a message, clear the summary below the form.
 * @param {Element} control
 */
export function unmark(control) {
  control.removeAttribute("aria-invalid");
  control.removeAttribute("aria-describedby");
  const problem = control.closest(".field")?.querySelector(".problem");
  problem?.remove();
  if (problem && !document.querySelector("#report .problem")) tell(element("wrong"), "");
}

/** @param {Control} control @param {string} text */
function note(control, text) {
  const id = `problem-${document.querySelectorAll(".problem").length}`;
  const made = make("p", { className: "problem small", id, textContent: text });
  control.setAttribute("aria-describedby", id);
  return made;
}

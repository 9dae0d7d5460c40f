// The form's fields for a movement. A movement says what happened to people after their first report. The author
// chooses a household or group that this phone has reported, or types the short code of a household.

import { element } from "./elements.js";
import { isHazard } from "./hazards.js";
import { CHANGED, isMovementKind, isOwn, isRefused, reports } from "./kept.js";
import { nameOf, placeName } from "./labels.js";
import { offerMovers, readMovers, renewMovers, stateOfMovers } from "./movers.js";
import { codeOf } from "./report-codes.js";
import { codeIn, shownCode } from "./short-codes.js";
import { sentence } from "./texts.js";

/** @typedef {import("./kept.js").Body} Body */
/** @typedef {import("./kept.js").Clear} Clear */
/** @typedef {import("./checks.js").Problem} Problem */

export const MOVEMENT = "household_movement"; // the form has one choice for movements of households and of groups
const OF_GROUP = "group_movement";
const UNKNOWN = "ZZ";
const COUNTRY = "KG";
const household = /** @type {HTMLSelectElement} */ (element("household"));
const code = /** @type {HTMLInputElement} */ (element("household-code"));
const movement = /** @type {HTMLSelectElement} */ (element("movement"));
const oblast = /** @type {HTMLSelectElement} */ (element("destination-oblast"));
const locality = /** @type {HTMLInputElement} */ (element("destination-locality"));

export function listenToMovements() {
  household.addEventListener("change", () => {
    showCode();
    offerMovers(household.value, []);
  });
  movement.addEventListener("change", showDestination);
  addEventListener(CHANGED, () => {
    if (document.activeElement !== household) offerPeople(household.value, named().kind);
    renewMovers(household.value);
  });
}

export function isMovement() {
  return Boolean(document.querySelector(`#report [value=${MOVEMENT}]:checked`));
}

/** Say whether the chosen movement has a destination: `needed`, `possible` or `none`. */
function mayLead() {
  return movement.selectedOptions[0]?.dataset.destination ?? "none";
}

export function readMovement() {
  return { ...named(), movement: movement.value, ...readMovers() };
}

/** @returns {{kind: Body["kind"]} & Partial<Body>} */
function named() {
  if (!household.value) return { kind: MOVEMENT, household_code: codeIn(code.value) || code.value.trim() };
  return household.selectedOptions[0]?.dataset.kind === "group"
    ? { kind: OF_GROUP, group_id: household.value }
    : { kind: MOVEMENT, household_id: household.value };
}

/**
 * @param {Clear} clear
 * @returns {Pick<Body, "kind"> & Partial<Body>}
 */
export function movementOf({ kind, household_id, group_id }) {
  return kind === "group" ? { kind: OF_GROUP, group_id } : { kind: MOVEMENT, household_id };
}

export function leads() {
  return mayLead() !== "none";
}

/** @param {Body} [body] */
export function writeMovement(body) {
  const isOf = body && isMovementKind(body.kind);
  offerPeople((isOf && peopleOf(body)) || "", isOf ? body.kind : MOVEMENT);
  code.value = shownCode((isOf && body.household_code) || "");
  movement.value = (isOf && body.movement) || "";
  offerMovers(household.value, (isOf && body.member_ids) || []);
}

/**
 * Fill the list of households and groups, newest first. If the phone no longer has the report of the chosen people, the
 * list shows the start of their id.
 * @param {string} chosen
 * @param {Body["kind"]} kind
 */
function offerPeople(chosen, kind) {
  const own = new Map(
    reports()
      .filter((report) => areOwnPeople(report) && !isRefused(report))
      .map(({ clear }) => [peopleOf(clear), option(clear)]),
  );
  if (chosen && !own.has(chosen))
    own.set(
      chosen,
      option({ kind: kind === OF_GROUP ? "group" : "household", report_id: chosen, version: 1 }, chosen.slice(0, 8)),
    );
  household.replaceChildren(new Option(sentence("byCode"), ""), ...own.values());
  household.value = chosen;
  showCode();
}

/**
 * True if this account reported the people, and the people can have movements. No movement can continue a count of
 * people who passed by (`flow`).
 * @param {import("./kept.js").Kept} report
 */
export function areOwnPeople(report) {
  return ["household", "group"].includes(report.clear.kind) && report.clear.measure !== "flow" && isOwn(report);
}

/** @param {Clear} clear @returns {string} */
function peopleOf({ kind, household_id, group_id }) {
  return kind === "group" || kind === OF_GROUP ? group_id : household_id;
}

/** @param {Clear} clear @param {string} [name] */
function option(clear, name = called(clear)) {
  const made = new Option(name, peopleOf(clear) ?? clear.report_id);
  made.dataset.kind = clear.kind;
  return made;
}

/** @param {Clear} clear */
function called(clear) {
  const { short_code, persons, destination } = clear;
  const name = clear.kind === "group" ? `${sentence("group")} ${codeOf(clear)}` : short_code && shownCode(short_code);
  return [name, sentence("persons", { count: persons ?? "?" }), placeName(destination ?? {})]
    .filter(Boolean)
    .join(" · ");
}

function showCode() {
  element("household-code-field").hidden = Boolean(household.value);
}

/**
 * Show the fields of the destination. For a hazard, and for a movement without a destination, the fields of the
 * destination are hidden.
 */
export function showDestination() {
  const isHidden = isHazard() || (isMovement() && !leads());
  for (const id of ["destination-place", "shelter-field"]) element(id).hidden = isHidden;
  oblast.required = !isMovement() || mayLead() === "needed";
}

/**
 * If the movement states more persons than the household or group has, return the size of the household or group.
 * @param {Body} body
 * @returns {number | undefined}
 */
export function sizeExceeded(body) {
  const { persons = 0 } = body,
    known = isMovementKind(body.kind) && peopleOf(body) && reports().find(({ clear }) => areOfPeople(clear, body));
  return known && known.clear.persons < persons ? known.clear.persons : undefined;
}

/**
 * Return what this phone's other reports say about the people of a movement: `left` is the report of their departure,
 * `died` is the report that all of them died, and `place` is where they are. `place` is missing if the people have
 * moved since.
 * @param {Body} body
 * @returns {{left?: Clear, died?: Clear, place?: Clear["destination"]}}
 */
export function knownOf(body) {
  const id = peopleOf(body);
  const others = reports()
    .filter((report) => !isRefused(report))
    .map(({ clear }) => clear)
    .filter((clear) => peopleOf(clear) === id && clear.report_id !== body.report_id);
  const left = id && others.find((clear) => areOfPeople(clear, body));
  if (!left) return {};
  const moved = others.filter(({ kind, is_reversed }) => isMovementKind(kind) && !is_reversed);
  return {
    left,
    died: moved.find(({ movement: what, persons }) => what === "died" && persons >= left.persons),
    place: moved.length ? undefined : left.destination,
  };
}

/**
 * @param {Clear} clear
 * @param {Body} body
 */
function areOfPeople(clear, body) {
  return !isMovementKind(clear.kind) && peopleOf(clear) === peopleOf(body);
}

/**
 * Return the problems in the fields of a movement: a mistyped code, deaths without a number, a wrong destination.
 * @returns {Problem[]}
 */
export function contradictions() {
  if (!isMovement()) return [];
  const isMistyped = !household.value && !codeIn(code.value);
  const { control, isEmpty } = stateOfMovers();
  // without a number, the report would say that all persons died
  const isUncounted = movement.value === "died" && isEmpty;
  return [
    ...(isMistyped ? [{ control: code, text: `${nameOf(code)}: ${sentence("mistyped")}` }] : []),
    ...(isUncounted ? [{ control, text: sentence("died") }] : []),
    ...(leads() ? elsewhere() : []),
  ];
}

/** @returns {Problem[]} */
function elsewhere() {
  const { value } = oblast,
    isHere = value.startsWith(COUNTRY),
    isLeaving = movement.value === "left_country";
  if (!value)
    return locality.value.trim() ? [{ control: oblast, text: `${nameOf(oblast)}: ${sentence("missing")}` }] : [];
  if (isLeaving) return isHere ? [{ control: oblast, text: sentence("leftCountry") }] : [];
  return isHere || (value === UNKNOWN && movement.value !== "entered_country")
    ? []
    : [{ control: oblast, text: sentence("inCountry") }];
}

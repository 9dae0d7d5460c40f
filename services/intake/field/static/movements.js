// The form's fields for a movement: what happened later to a household of this phone, or to the household with a short code.

import { element } from "./elements.js";
import { CHANGED, isOwn, isRefused, reports } from "./kept.js";
import { nameOf, placeName } from "./labels.js";
import { offerMovers, readMovers, renewMovers, stateOfMovers } from "./movers.js";
import { codeIn, shownCode } from "./short-codes.js";
import { sentence } from "./texts.js";

/** @typedef {import("./kept.js").Body} Body */
/** @typedef {import("./kept.js").Clear} Clear */
/** @typedef {import("./checks.js").Problem} Problem */

export const MOVEMENT = "household_movement";
const UNKNOWN = "ZZ";
const COUNTRY = "KG";
const household = /** @type {HTMLSelectElement} */ (element("household"));
const code = /** @type {HTMLInputElement} */ (element("household-code"));
const movement = /** @type {HTMLSelectElement} */ (element("movement"));
const oblast = /** @type {HTMLSelectElement} */ (element("destination-oblast"));
const locality = /** @type {HTMLInputElement} */ (element("destination-locality"));

export function listenToMovements() {
  household.addEventListener("change", () => { showCode(); offerMovers(household.value, []); });
  movement.addEventListener("change", showDestination);
  addEventListener(CHANGED, () => { if (document.activeElement !== household) offerHouseholds(household.value); renewMovers(household.value); });
}

export function isMovement() {
  return Boolean(document.querySelector(`#report [value=${MOVEMENT}]:checked`));
}

/** Whether the movement has a destination: `needed`, `possible` or `none`. */
function mayLead() {
  return movement.selectedOptions[0]?.dataset.destination ?? "none";
}

/** Whom the movement concerns, and what happened. */
export function readMovement() {
  const named = household.value ? { household_id: household.value } : { household_code: codeIn(code.value) || code.value.trim() };
  return { ...named, movement: movement.value, ...readMovers() };
}

/** Whether the movement can have a destination. */
export function leads() {
  return mayLead() !== "none";
}

/** @param {Body} [body] */
export function writeMovement(body) {
  const isOf = body?.kind === MOVEMENT;
  offerHouseholds((isOf && body.household_id) || "");
  code.value = shownCode((isOf && body.household_code) || "");
  movement.value = (isOf && body.movement) || "";
  offerMovers(household.value, (isOf && body.member_ids) || []);
}

/** The households of this phone, newest first. A household that the list no longer has is named by the start of its id. @param {string} chosen */
function offerHouseholds(chosen) {
  const own = new Map(reports().filter((report) => isOwnHousehold(report) && !isRefused(report)).map(({ clear }) => [clear.household_id, called(clear)]));
  if (chosen && !own.has(chosen)) own.set(chosen, chosen.slice(0, 8));
  household.replaceChildren(new Option(sentence("byCode"), ""), ...[...own].map(([id, name]) => new Option(name, id)));
  household.value = chosen;
  showCode();
}

/** @param {import("./kept.js").Kept} report */
export function isOwnHousehold(report) {
  return report.clear.kind === "household" && isOwn(report);
}

/** @param {import("./kept.js").Clear} clear */
function called({ short_code, persons, destination }) {
  return [short_code && shownCode(short_code), sentence("persons", { count: persons ?? "?" }), placeName(destination)].filter(Boolean).join(" · ");
}

function showCode() {
  element("household-code-field").hidden = Boolean(household.value);
}

/** Show the fields of the destination as the chosen movement needs them. For other kinds of reports all are shown. */
export function showDestination() {
  const isHidden = isMovement() && !leads();
  for (const id of ["destination-place", "shelter-field"]) element(id).hidden = isHidden;
  oblast.required = !isMovement() || mayLead() === "needed";
}

/** The number of persons of a household in the list, if fewer persons than are said to move. @param {Body} body @returns {number | undefined} */
export function sizeExceeded({ kind, household_id, persons = 0 }) {
  const known = kind === MOVEMENT && household_id && reports().find(({ clear }) => clear.kind === "household" && clear.household_id === household_id);
  return known && known.clear.persons < persons ? known.clear.persons : undefined;
}

/**
 * What the other reports of this phone say about the household of a movement: when the household left, where it is, and
 * when all its persons died. After a movement, the place is not known.
 * @param {Body} body @returns {{left?: Clear, died?: Clear, place?: Clear["destination"]}}
 */
export function knownOf({ household_id, report_id }) {
  const others = reports().filter((report) => !isRefused(report)).map(({ clear }) => clear).filter((clear) => clear.household_id === household_id && clear.report_id !== report_id);
  const left = household_id && others.find(({ kind }) => kind === "household");
  if (!left) return {};
  const moved = others.filter(({ kind, is_reversed }) => kind === MOVEMENT && !is_reversed);
  return { left, died: moved.find(({ movement: what, persons }) => what === "died" && persons >= left.persons), place: moved.length ? undefined : left.destination };
}

/** What the fields of a movement contradict. @returns {Problem[]} */
export function contradictions() {
  if (!isMovement()) return [];
  const isMistyped = !household.value && !codeIn(code.value);
  const { control, isEmpty } = stateOfMovers();
  const isUncounted = movement.value === "died" && isEmpty; // an empty field would report that all died
  return [
    ...(isMistyped ? [{ control: code, text: `${nameOf(code)}: ${sentence("mistyped")}` }] : []),
    ...(isUncounted ? [{ control, text: sentence("died") }] : []),
    ...(leads() ? elsewhere() : []),
  ];
}

/** @returns {Problem[]} */
function elsewhere() {
  const { value } = oblast, isHere = value.startsWith(COUNTRY), isLeaving = movement.value === "left_country";
  if (!value) return locality.value.trim() ? [{ control: oblast, text: `${nameOf(oblast)}: ${sentence("missing")}` }] : [];
  if (isLeaving) return isHere ? [{ control: oblast, text: sentence("leftCountry") }] : [];
  return isHere || (value === UNKNOWN && movement.value !== "entered_country") ? [] : [{ control: oblast, text: sentence("inCountry") }];
}

// The form's fields for the persons who moved. The author ticks names while this page still knows the names. If this
// page no longer knows the names, the author enters a number.

import { element, make } from "./elements.js";
import { reports } from "./kept.js";
import { personOf } from "./labels.js";
import { recall } from "./sent-reports.js";
import { part } from "./page.js";

/** @typedef {{member_id: string, given_name?: string, family_name?: string}} Mover */

const group = element("movers");
const number = /** @type {HTMLInputElement} */ (element("persons"));

/**
 * Offer the household's members for choice. Chosen members whose names this page does not know appear as numbers.
 * @param {string} householdId
 * @param {string[]} chosen
 */
export function offerMovers(householdId, chosen) {
  const known = members(householdId);
  const unnamed = chosen
    .filter((id) => !known.some(({ member_id }) => member_id === id))
    .map((member_id) => ({ member_id }));
  part(group, ".choices").replaceChildren(
    ...[...known, ...unnamed].map((member, place) => choice(member, place, chosen.includes(member.member_id))),
  );
  showMovers();
}

/**
 * Offer the names again after a change of the reports, unless the author is just choosing names.
 * @param {string} householdId
 */
export function renewMovers(householdId) {
  if (!group.contains(document.activeElement)) offerMovers(householdId, chosenMovers());
}

/**
 * Show either the names or the field for the number. In a report that is no movement, the field for the number is
 * always visible.
 */
export function showMovers() {
  group.hidden = !boxes().length;
  /** @type {HTMLElement} */ (number.closest(".field")).hidden = !group.closest("[hidden]");
}

export function chosenMovers() {
  return boxes()
    .filter(({ checked }) => checked)
    .map(({ value }) => value);
}

/** Return the chosen persons or the number. An empty result means the whole household. */
export function readMovers() {
  const chosen = chosenMovers();
  if (!group.closest("[hidden]")) return chosen.length ? { member_ids: chosen } : {};
  return number.value ? { persons: Number(number.value) } : {};
}

export function stateOfMovers() {
  const [first] = boxes();
  return group.closest("[hidden]")
    ? { control: number, isEmpty: !number.value }
    : { control: first, isEmpty: !chosenMovers().length };
}

/** @param {string} householdId @returns {Mover[]} */
function members(householdId) {
  const report = reports().find(({ clear }) => clear.kind === "household" && clear.household_id === householdId);
  return (report && recall(report)?.members) ?? [];
}

/** @returns {HTMLInputElement[]} */
function boxes() {
  return [...group.querySelectorAll("input")];
}

/** @param {Mover} member @param {number} place @param {boolean} isChosen */
function choice({ member_id, given_name, family_name }, place, isChosen) {
  const box = make("input", { type: "checkbox", value: member_id, checked: isChosen });
  return make("label", {}, box, [given_name, family_name].filter(Boolean).join(" ") || personOf(place));
}

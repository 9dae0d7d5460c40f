// Names of fields, persons and places in the reader's language.

import { countryName } from "./countries.js";
import { element } from "./elements.js";
import { sentence } from "./texts.js";

/** @typedef {{pcode: string, name: string}} Unit */

// Maps fields of a report to the names of controls, if the names differ.
const CONTROLS = /** @type {Record<string, string>} */ ({
  type: "seen_type",
  onset: "seen",
  area: "origin_oblast",
  locality_pcode: "origin_locality",
  text: "notes",
  urgency: "hazard_urgent",
  occurred_at: "occurred",
  counted_at: "counted",
  counted_at_precision: "counted_precision",
  origin: "origin_oblast",
  destination: "destination_oblast",
  reasons: "reason",
  legal_basis: "consent",
  origin_locality_pcode: "origin_locality",
  destination_locality_pcode: "destination_locality",
  site_id: "destination_locality",
  household_id: "household",
  group_id: "household",
});
const BIRTH = ["birth_date", "birth_year", "age", "age_reported_on"];
const PARTS = /** @type {Record<string, string>} */ ({ members: "#members", sex_age: "[data-age]" });

/** @type {(Unit & {districts: Unit[]})[]} */
export const oblasts = JSON.parse(element("districts").textContent ?? "[]");

/**
 * Return the label of a report's field, or an empty text if the form has no such field.
 * @param {string} pointer
 * @param {string} kind
 */
export function labelOf(pointer, kind) {
  const [, field, place, inner] = pointer.split("/");
  if (inner && field === "members") return inPerson(Number(place), inner);
  const control = document.querySelector(selectorOf(field));
  return control ? groupOf(control, kind) : "";
}

/**
 * @param {string} pointer
 * @returns {HTMLInputElement | null}
 */
export function controlOf(pointer) {
  const [, field, place, inner] = pointer.split("/");
  const person = inner && field === "members" && element("members").children[Number(place)];
  if (person) return person.querySelector(ofPerson(inner));
  return document.querySelector(`:is(${selectorOf(field)}):is(input, select, textarea)`);
}

/** Birth date, birth year and age share one control. @param {string} name */
function ofPerson(name) {
  return BIRTH.includes(name) ? "[data-born]" : `[data-name="${CSS.escape(name)}"]`;
}

/** @param {string} field */
function selectorOf(field) {
  return PARTS[field] ?? `#report [name="${CONTROLS[field] ?? CSS.escape(field)}"]`;
}

/**
 * Return the control's label. For a control of a person or of a table, the text begins with the person or the table.
 * @param {Element} control
 */
export function nameOf(control) {
  const person = control.closest(".member");
  if (person) return `${personOf([...element("members").children].indexOf(person))}, ${ownLabel(control)}`;
  const cell = control.closest("td") && control.getAttribute("aria-label");
  return cell ? `${groupOf(control)}, ${cell}` : groupOf(control);
}

/** @param {number} place */
export function personOf(place) {
  return sentence("person", { number: place + 1 });
}

/** @param {{pcode?: string, country?: string}} place */
export function placeName({ pcode, country }) {
  if (!pcode && !country) return "";
  if (!pcode) return countryName(country ?? "");
  const units = oblasts.flatMap((oblast) => [oblast, ...oblast.districts]);
  return units.find((unit) => unit.pcode === pcode)?.name ?? pcode;
}

/** @param {Element} control @param {string} [kind] */
function groupOf(control, kind) {
  const group = control.closest("fieldset, details");
  return group ? words(group.querySelector("legend, summary"), kind) : ownLabel(control, kind);
}

/** @param {Element} control @param {string} [kind] */
function ownLabel(control, kind) {
  return words(control.closest("label") ?? document.querySelector(`label[for="${control.id}"]`), kind);
}

/** @param {number} place @param {string} name */
function inPerson(place, name) {
  const person = /** @type {HTMLTemplateElement} */ (element("member")).content;
  const control = person.querySelector(ofPerson(name));
  return control ? `${personOf(place)}, ${ownLabel(control)}` : personOf(place);
}

/**
 * Return the label's text for this kind of report. Without `kind`, return the text that the form shows now.
 * @param {Element | null} label
 * @param {string} [kind]
 */
function words(label, kind) {
  return [...(label?.childNodes ?? [])]
    .map((node) => (isText(node, kind) ? node.textContent : ""))
    .join("")
    .trim();
}

/** @param {Node} node @param {string} [kind] */
function isText(node, kind) {
  if (!(node instanceof HTMLSpanElement)) return node instanceof Text;
  return kind && node.dataset.kind ? node.dataset.kind.split(" ").includes(kind) : !node.hidden;
}

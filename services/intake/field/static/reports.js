// Convert between the form's fields and intake's report body.

import { readBirth } from "./birth-fields.js";
import { readCounted } from "./counted.js";
import { statedCode } from "./countries.js";
import { element } from "./elements.js";
import { readEvent } from "./events.js";
import { readAnswers } from "./functioning.js";
import { isHazard, readHazard } from "./hazards.js";
import { isMovementKind } from "./kept.js";
import { readMoment } from "./moments.js";
import { leads, readMovement } from "./movements.js";
import { statedDestination, statedLocalities } from "./places.js";
import { readReasons } from "./reasons.js";
import { drawCode } from "./short-codes.js";
import { uuid } from "./uuid.js";

/** @typedef {import("./kept.js").Body} Body */
/**
 * @typedef {{report_id: string, household_id?: string, short_code?: string, group_id?: string, version: number}} Ids of
 *   a draft, which never change
 */

/**
 * Return the ids of a report, and generate missing ids. In a movement, the ids of people belong to an earlier report.
 * New ids replace the ids of a movement's people, because the author may choose another kind of report.
 * @param {Partial<Body>} [body]
 * @returns {Ids}
 */
export function idsOf({
  kind,
  report_id = uuid(),
  household_id = uuid(),
  short_code = drawCode(),
  group_id = uuid(),
  version = 1,
} = {}) {
  const isLater = kind && isMovementKind(kind);
  return {
    report_id,
    household_id: isLater ? uuid() : household_id,
    short_code,
    group_id: isLater ? uuid() : group_id,
    version,
  };
}

/**
 * @param {HTMLFormElement} form
 * @param {string} status
 * @param {Ids} ids
 * @param {import("./positions.js").Point | null} point
 * @returns {Body}
 */
export function read(form, status, ids, point) {
  const data = new FormData(form);
  const kind = /** @type {Body["kind"]} */ (String(data.get("kind")));
  if (isMovementKind(kind)) return movement(data, status, ids);
  if (kind === "hazard" || isHazard()) return hazard(status, ids, point);
  const members = kind === "household" ? readMembers(form) : [];
  const sexAge = readCounts(form);
  return {
    kind,
    report_id: ids.report_id,
    [`${kind}_id`]: ids[`${kind}_id`],
    version: ids.version,
    status,
    ...readMoment(),
    reported_at: new Date().toISOString(),
    mobility: data.get("mobility"),
    ...(data.get("mobility") === "evacuation" && data.get("evacuation") && { evacuation: data.get("evacuation") }),
    origin: place(data, "origin"),
    destination: place(data, "destination"),
    ...(point && { destination_point: point }),
    persons: members.length || (text(data, "persons") ? Number(data.get("persons")) : undefined),
    ...readReasons(),
    ...(data.get("hazard_type") && { hazard_type: data.get("hazard_type") }),
    ...readEvent(),
    shelter: data.get("shelter"),
    needs: data.getAll("needs"),
    intention: data.get("intention"),
    ...(data.has("is_urgent") && { is_urgent: true }),
    ...(sexAge.length && { sex_age: sexAge }),
    ...(text(data, "notes") && { notes: text(data, "notes") }),
    ...(kind === "household"
      ? { ...(ids.short_code && { short_code: ids.short_code }), ...household(data, members) }
      : group(data)),
    ...statedLocalities(kind),
  };
}

/**
 * @param {FormData} data
 * @param {string} status
 * @param {Ids} ids
 * @returns {Body}
 */
function movement(data, status, ids) {
  return {
    report_id: ids.report_id,
    version: ids.version,
    status,
    ...readMovement(),
    ...readMoment(),
    reported_at: new Date().toISOString(),
    ...(leads() && {
      ...(statedCode("destination") && { destination: place(data, "destination") }),
      ...statedDestination(),
      ...(data.get("shelter") !== "unknown" && { shelter: data.get("shelter") }),
    }),
    ...(text(data, "notes") && { notes: text(data, "notes") }),
  };
}

/**
 * @param {string} status
 * @param {Ids} ids
 * @param {import("./positions.js").Point | null} point
 * @returns {Body}
 */
function hazard(status, ids, point) {
  return {
    kind: "hazard",
    report_id: ids.report_id,
    version: ids.version,
    status,
    ...readHazard(point),
    reported_at: new Date().toISOString(),
  };
}

/** @param {FormData} data @param {object[]} members */
function household(data, members) {
  return {
    ...(members.length && { members }),
    ...(text(data, "contact_name") && { contact_name: text(data, "contact_name") }),
    ...(text(data, "phone") && { phone: text(data, "phone") }),
    legal_basis: data.get("consent") ? "consent" : "unknown",
  };
}

/** @param {FormData} data */
function group(data) {
  return {
    measure: data.get("measure"),
    quantifier: data.get("quantifier"),
    source_type: data.get("source_type"),
    ...(text(data, "households") && {
      households: Number(data.get("households")),
      household_unit: data.get("household_unit"),
    }),
    ...(data.has("persons_estimated") && { persons_estimated: true }),
    ...(data.has("is_full_recount") && { is_full_recount: true }),
    ...readCounted(),
  };
}

/** @param {FormData} data @param {string} name */
function text(data, name) {
  return String(data.get(name) ?? "").trim();
}

/** @param {FormData} data @param {string} name */
function place(data, name) {
  const oblast = statedCode(name);
  if (!oblast.startsWith("KG")) return { country: oblast };
  return { pcode: data.get(`${name}_district`) || oblast };
}

/** @param {HTMLFormElement} form */
function readMembers(form) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll(".member"))].map((item) => ({
    member_id: item.dataset.id,
    ...(familyName().value.trim() && { family_name: familyName().value.trim() }),
    ...Object.fromEntries(
      fields(item)
        .filter((field) => field.value.trim())
        .map((field) => [field.dataset.name, field.type === "number" ? Number(field.value) : field.value.trim()]),
    ),
    ...readBirth(item),
    ...readAnswers(item),
  }));
}

/** The field of the family name that applies to all members without an own family name. */
export function familyName() {
  return /** @type {HTMLInputElement} */ (element("family-name"));
}

/** If all members have the same family name, show the name once, in the common field. */
export function writeFamilyName() {
  const names = fields(element("members")).filter((field) => field.dataset.name === "family_name");
  if (names.length < 2 || new Set(names.map(({ value }) => value)).size > 1) return;
  familyName().value = names[0].value;
  for (const name of names) name.value = "";
}

/** Fields that the form copies from the last household, because households of one place often flee together. */
const COMMON = [
  "origin",
  "origin_locality",
  "origin_locality_pcode",
  "destination",
  "destination_locality",
  "destination_locality_pcode",
  "site_id",
  "occurred_at",
  "occurred_at_precision",
  "mobility",
  "evacuation",
  "reasons",
  "reason_text",
  "hazard_type",
  "hazard_id",
  "shelter",
  "needs",
  "intention",
];

/** @param {Record<string, any>} body */
export function common(body) {
  return Object.fromEntries(COMMON.map((name) => [name, body[name]]));
}

/** @param {HTMLElement} item @returns {HTMLInputElement[]} */
export function fields(item) {
  return [...item.querySelectorAll("[data-name]")].map((field) => /** @type {HTMLInputElement} */ (field));
}

/** @param {HTMLFormElement} form @returns {HTMLInputElement[]} */
export function counters(form) {
  return [...form.querySelectorAll("[data-age]")].map((field) => /** @type {HTMLInputElement} */ (field));
}

/** @param {HTMLFormElement} form */
function readCounts(form) {
  return counters(form)
    .filter((field) => Number(field.value) > 0)
    .map((field) => ({
      sex: field.dataset.sex,
      age: field.dataset.age,
      count: Number(field.value),
    }));
}

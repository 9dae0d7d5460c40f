// The form's fields for a hazard that the author saw: type, severity, certainty, time and place.

import { control, form } from "./controls.js";
import { statedCode } from "./countries.js";
import { element } from "./elements.js";
import { districts } from "./places.js";
import { sentence } from "./texts.js";
import { instant, local } from "./time.js";

/** @typedef {import("./kept.js").Body} Body */
/** @typedef {import("./positions.js").Point} Point */

// the author looked for a hazard and found nothing; the centre gets this report as a hazard with certainty Unlikely
const NOTHING = "nothing";
const HEADLINE = 150,
  DESCRIPTION = 4000;
let isTimeStated = false; // true if the time comes from the author or from a stored report

export function listenToHazards() {
  control("seen").addEventListener("input", () => {
    isTimeStated = true;
  });
}

export function isHazard() {
  return isKind("hazard") || isNothing();
}

function isNothing() {
  return isKind(NOTHING);
}

/** @param {string} kind */
function isKind(kind) {
  return Boolean(form.querySelector(`[name=kind][value=${kind}]:checked`));
}

/**
 * Return the fields of a hazard report. The source is missing, because intake adds the source from the account.
 * @param {Point | null} point
 * @returns {Partial<Body>}
 */
export function readHazard(point) {
  if (isNothing()) return readNothing(point);
  const is_urgent = control("hazard_urgent").checked;
  return {
    kind: "hazard",
    type: control("seen_type").value,
    severity: form.querySelector("[name=severity]:checked")?.getAttribute("value") ?? "Unknown",
    certainty: control("certainty").value,
    urgency: is_urgent ? "Immediate" : "Unknown",
    ...area(point),
    ...(control("seen").value && { onset: instant(control("seen").value).toISOString() }),
    ...text(is_urgent),
    entered: entered(),
  };
}

/** @param {Point | null} point @returns {Partial<Body>} */
function readNothing(point) {
  const first = sentence("nothingFound"),
    words = control("notes").value.trim();
  return {
    kind: "hazard",
    type: control("looked_for").value || "other",
    certainty: "Unlikely",
    ...area(point),
    ...(control("seen").value && { onset: instant(control("seen").value).toISOString() }),
    text: {
      [document.documentElement.lang]: { headline: first, description: [first, words].filter(Boolean).join("\n") },
    },
    entered: entered(),
  };
}

/** The form adds words to the author's words, so the whole text can be too long. */
export function isTooLong() {
  return isHazard() && descriptionOf(readHazard(null)).length > DESCRIPTION;
}

/** @param {Partial<Body>} body @returns {string} */
function descriptionOf({ text }) {
  return Object.values(text ?? {})[0]?.description ?? "";
}

/**
 * Return the author's entries, for a later correction. The centre gets one text, from which the form could not read the
 * entries.
 */
function entered() {
  return {
    affected: boxes()
      .filter(({ checked }) => checked)
      .map(({ value }) => value),
    words: control("notes").value,
  };
}

/**
 * Return the place. The author may omit the village if there is a point, because intake finds the district of the
 * point.
 * @param {Point | null} point
 */
function area(point) {
  const {
      value,
      dataset: { settlement },
    } = control("origin_locality"),
    description = value.trim(),
    oblast = statedCode("origin");
  const pcode = control("origin_district").value || oblast,
    isInCountry = oblast.startsWith("KG");
  return {
    area: { ...(isInCountry && { pcodes: [pcode] }), ...(point && { point }), ...(description && { description }) },
    ...(isInCountry && description && settlement && { locality_pcode: settlement }),
  };
}

/**
 * Return the text that the desk reads as the description of the event.
 * @param {boolean} isUrgent
 */
function text(isUrgent) {
  const affected = boxes()
      .filter(({ checked }) => checked)
      .map(named)
      .join(", "),
    words = control("notes").value.trim();
  const first = [
    isUrgent && element("hazard-urgent-text").textContent,
    affected && `${element("affected-title").textContent}: ${affected}`,
  ]
    .filter(Boolean)
    .join(". ");
  const description = [first, words].filter(Boolean).join("\n");
  return description && { text: { [document.documentElement.lang]: { headline: line(words || first), description } } };
}

/** @param {string} words */
function line(words) {
  const flat = words.replace(/\s+/g, " ");
  return flat.length <= HEADLINE ? flat : `${flat.slice(0, HEADLINE - 1)}…`;
}

/** Show the present time in the field, unless the time is already stated. */
export function renewSeen() {
  const now = local(new Date());
  if (!isTimeStated) control("seen").value = now;
  control("seen").max = now;
}

/** @param {Body} [body] without a report, the field shows the present time */
export function writeHazard(body) {
  isTimeStated = Boolean(body?.onset);
  if (body?.onset) control("seen").value = local(new Date(body.onset));
  renewSeen();
  if (body?.kind !== "hazard") return;
  control("notes").value = body.entered?.words ?? descriptionOf(body);
  if (kindOf(body) === NOTHING) {
    control("looked_for").value = body.type === "other" ? "" : body.type;
    return;
  }
  control("seen_type").value = body.type ?? "";
  control("certainty").value = body.certainty ?? "Observed";
  control("hazard_urgent").checked = body.urgency === "Immediate";
  for (const level of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=severity]")))
    level.checked = level.value === (body.severity ?? "Unknown");
  for (const box of boxes()) box.checked = Boolean(body.entered?.affected?.includes(box.value));
}

/** @param {Record<string, any>} body */
export function kindOf({ kind, certainty }) {
  return kind === "hazard" && certainty === "Unlikely" ? NOTHING : kind;
}

/** Rename the fields of a hazard's place to the names that the form uses. @param {Body} body @returns {Body} */
export function placed(body) {
  if (body.kind !== "hazard" || !body.area) return body;
  const {
    area: { pcodes: [pcode] = [], point, description },
    locality_pcode,
  } = body;
  return {
    ...body,
    origin: pcode && { pcode },
    origin_locality: description,
    origin_locality_pcode: locality_pcode,
    destination_point: point,
  };
}

/**
 * Offer only places in Kyrgyzstan for a hazard. If the hazard has a point, the author need not choose an oblast.
 * @param {Point | null} point
 */
export function needPlace(point) {
  const oblast = /** @type {HTMLSelectElement} */ (element("origin-oblast"));
  oblast.required = !(isHazard() && point);
  for (const elsewhere of /** @type {NodeListOf<HTMLOptionElement | HTMLOptGroupElement>} */ (
    oblast.querySelectorAll("optgroup, [value=ZZ]")
  ))
    elsewhere.hidden = elsewhere.disabled = isHazard();
  if (oblast.selectedOptions[0]?.matches(":disabled")) districts("origin", "");
}

function boxes() {
  return /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name=affected]")]);
}

/** @param {HTMLInputElement} box */
function named(box) {
  return box.parentElement?.textContent?.trim() ?? "";
}

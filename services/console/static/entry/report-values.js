// The labels and the values of a report's fields in words.

import { birthText } from "/static/births.js";
import { options } from "/static/entry/fields.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";

/** @typedef {{pcode?: string, country?: string}} Place */

const INSTANTS = ["occurred_at", "reported_at", "counted_at", "received_at", "onset", "expires", "raised_at"];
const PLACES = ["origin", "destination"];
const units = new Map(options("places").map(({ value, name }) => [value, name]));

/** The labels of the most important fields, in the order of their display. */
export const labels = new Map(/** @type {[string, string][]} */ (/** @type {unknown} */ (words("labels"))));

/** @param {string} name */
export function labelOf(name) {
  return labels.get(name) ?? fieldOf(name);
}

/** @param {string} name @returns {string} */
function fieldOf(name) {
  return words("fields")[name] ?? name;
}

/** @param {Place | undefined} place @param {string} [locality] */
export function placeOf(place, locality) {
  const unit = place && (units.get(place.pcode ?? place.country ?? "") ?? place.pcode ?? sentence("abroad"));
  return [locality, unit].filter(Boolean).join(", ") || "–";
}

/** @param {string} name @param {any} content @returns {string} */
export function valueOf(name, content) {
  if (content === undefined || content === null || content === "") return "";
  if (PLACES.includes(name)) return placeOf(content);
  if (INSTANTS.includes(name)) return dayAndClock(new Date(content));
  if (name === "members") return content.map(member).join("\n");
  if (name === "sex_age")
    return content.map((/** @type {any} */ { sex, age, count }) => `${code("sex", sex)}, ${age}: ${count}`).join("\n");
  if (name === "functioning")
    return Object.entries(content)
      .map(([domain, difficulty]) => `${code("disabilities", domain)}: ${code("difficulty", difficulty)}`)
      .join("; ");
  return code(name, content);
}

/** @param {Record<string, any>} person */
function member({
  family_name,
  given_name,
  patronymic,
  sex,
  birth_year,
  birth_date,
  relationship,
  phone,
  personal_number,
  ...others
}) {
  const name = [family_name, given_name, patronymic].filter(Boolean).join(" ");
  return [
    name,
    relationship && code("relationship", relationship),
    sex && code("sex", sex),
    birthText({ birth_date, birth_year }),
    phone,
    personal_number,
    ...Object.entries(others)
      .filter(([name]) => name !== "member_id")
      .map(named),
  ]
    .filter(Boolean)
    .join(", ");
}

/** @param {[string, any]} field */
function named([name, content]) {
  const text = valueOf(name, content);
  return text && `${fieldOf(name)}: ${text}`;
}

/** @param {string} kind @param {any} content @returns {string} */
function code(kind, content) {
  if (typeof content === "boolean") return sentence(content ? "yes" : "no");
  if (Array.isArray(content)) return content.map((item) => code(kind, item)).join(", ");
  if (content && typeof content === "object")
    return Object.entries(content)
      .map(([name, item]) => `${fieldOf(name)}: ${code(name, item)}`)
      .join("; ");
  const names = /** @type {Record<string, Record<string, string>>} */ (/** @type {unknown} */ (words("codes")));
  return String(names[kind]?.[content] ?? content);
}

// The field of a person's birth date, birth year or age.

import { birthIn, birthOf, birthText } from "./births.js";
import { part } from "./page.js";
import { sentence } from "./texts.js";

/**
 * @typedef {import("./births.js").Birth & {birth_typed?: string}} Typed `birth_typed` is a text in a draft that is no
 *   date, year or age
 */

/** @param {HTMLElement} item the fields of a person @param {Typed} person */
export function writeBirth(item, person) {
  const field = /** @type {HTMLInputElement} */ (part(item, "[data-born]"));
  field.value = person.birth_typed ?? birthText(person);
  state(person.birth_typed === undefined ? birthIn(person) : undefined);
  field.addEventListener("input", () => state(birthOf(field.value)));

  /** @param {import("./births.js").Birth} [birth] */
  function state(birth) {
    item.dataset.birth = JSON.stringify(birth ?? { birth_typed: field.value });
    field.setCustomValidity(birth ? "" : sentence("birth"));
  }
}

/** @param {HTMLElement} item @returns {Typed} */
export function readBirth({ dataset }) {
  return JSON.parse(dataset.birth ?? "{}");
}

// The Washington Group's questions about difficulties in functioning. The form asks these six questions about persons
// from the age of 5.

import { readBirth } from "./birth-fields.js";
import { ageOn } from "./births.js";
import { element } from "./elements.js";
import { personOf } from "./labels.js";
import { part } from "./page.js";
import { sentence } from "./texts.js";
import { today } from "./time.js";

const YOUNGEST = 5;

/** @param {HTMLElement} item the fields of a person @returns {HTMLSelectElement[]} */
function questions(item) {
  return [...item.querySelectorAll("[data-domain]")].map((field) => /** @type {HTMLSelectElement} */ (field));
}

/** @param {HTMLElement} item */
function answered(item) {
  return questions(item).filter(({ value }) => value);
}

/**
 * Return no `functioning` if no question has an answer.
 * @param {HTMLElement} item
 */
export function readAnswers(item) {
  const answers = answered(item).map(({ dataset: { domain }, value }) => [domain, value]);
  return answers.length ? { functioning: Object.fromEntries(answers) } : {};
}

/** @param {HTMLElement} item @param {Record<string, string>} [answers] */
export function writeAnswers(item, answers = {}) {
  for (const field of questions(item)) field.value = answers[field.dataset.domain ?? ""] ?? "";
  offerQuestions(item);
  item.addEventListener("input", () => offerQuestions(item));
}

/** Hide the questions for a young child who has no answers. @param {HTMLElement} item */
function offerQuestions(item) {
  part(item, "[data-functioning]").hidden = isYoung(item) && !answered(item).length;
}

/** The centre computes a child's age by the same rule. @param {HTMLElement} item */
function isYoung(item) {
  const age = ageOn(readBirth(item), today());
  return age !== undefined && age < YOUNGEST;
}

/**
 * Return one problem for each child who has answers and is too young for the questions.
 * @returns {import("./checks.js").Problem[]}
 */
export function tooYoung() {
  return [...element("members").children].flatMap((child, place) => {
    const item = /** @type {HTMLElement} */ (child);
    const [first] = isYoung(item) ? answered(item) : [];
    return first ? [{ control: first, text: sentence("tooYoung", { person: personOf(place) }) }] : [];
  });
}

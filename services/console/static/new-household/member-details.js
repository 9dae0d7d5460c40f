// The full form's questions about a listed person: relationship, personal number, and difficulties in functioning. The
// Washington Group's questions about functioning begin at the age of 5.

import { element } from "/static/elements.js";

/** @typedef {{relationship?: string, personal_number?: string, functioning?: Record<string, string>}} Details */

const YOUNGEST = 5;

/** @param {HTMLElement} line @param {string} relationship */
export function addDetails(line, relationship) {
  const template = /** @type {HTMLTemplateElement} */ (element("member-details"));
  line.append(document.importNode(template.content, true));
  const field = /** @type {HTMLSelectElement} */ (line.querySelector("[data-detail=relationship]"));
  line.dataset.preset = field.value = relationship;
  field.selectedOptions[0].defaultSelected = true;
}

/** @param {HTMLElement} line */
export function hasDetails(line) {
  const { relationship, personal_number, functioning } = readDetails(line);
  return Boolean((relationship && relationship !== line.dataset.preset) || personal_number || functioning);
}

/** @param {HTMLElement} line @returns {Details} */
export function readDetails(line) {
  const [relationship, number] = ["relationship", "personal_number"].map((name) => detail(line, name).value.trim());
  const answers = answered(line).map(({ dataset: { domain }, value }) => [domain, value]);
  return {
    ...(relationship && { relationship }),
    ...(number && { personal_number: number }),
    ...(answers.length && { functioning: Object.fromEntries(answers) }),
  };
}

/** @param {HTMLElement} line @param {Details} known */
export function writeDetails(line, { relationship, personal_number, functioning }) {
  detail(line, "relationship").value = relationship ?? "";
  detail(line, "personal_number").value = personal_number ?? "";
  for (const field of questions(line)) field.value = functioning?.[field.dataset.domain ?? ""] ?? "";
  asked(line).open = answered(line).length > 0;
}

/**
 * Shows the questions for the person's age. Given answers stay visible.
 * @param {HTMLElement} line
 * @param {number} [age]
 */
export function offerQuestions(line, age) {
  asked(line).hidden = isTooYoung(age) && !answered(line).length;
}

/**
 * Returns the first answer about functioning, if the person is too young for the questions.
 * @param {HTMLElement} line
 * @param {number} [age]
 */
export function answersOfAChild(line, age) {
  return isTooYoung(age) ? answered(line).slice(0, 1) : [];
}

/** Returns the field if it has no valid personal number (14 digits). @param {HTMLElement} line */
export function wrongNumbers(line) {
  return [detail(line, "personal_number")].filter(({ validity }) => !validity.valid);
}

/** True if intake would refuse answers about functioning at this age. @param {number} [age] */
function isTooYoung(age) {
  return age !== undefined && age < YOUNGEST;
}

/** @param {HTMLElement} line @param {string} name @returns {HTMLInputElement} */
function detail(line, name) {
  return /** @type {HTMLInputElement} */ (line.querySelector(`[data-detail=${name}]`));
}

/** @param {HTMLElement} line */
function asked(line) {
  return /** @type {HTMLDetailsElement} */ (line.querySelector("[data-functioning]"));
}

/** @param {HTMLElement} line @returns {HTMLInputElement[]} */
function questions(line) {
  return /** @type {HTMLInputElement[]} */ ([...line.querySelectorAll("[data-domain]")]);
}

/** @param {HTMLElement} line */
function answered(line) {
  return questions(line).filter(({ value }) => value);
}

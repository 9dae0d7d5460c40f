// The form for counts of displaced people that are reported by telephone.

import { Combobox } from "/static/combobox.js";
import { read, written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { given as givenIn, input, options } from "/static/entry/fields.js";
import { fail, labels, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showAnswer } from "/static/entry/sending.js";
import { CountReport, UNKNOWN } from "/static/new-count/count-reports.js";
import { showReceipt } from "/static/entry/receipts.js";
import { localities, sites } from "/static/entry/places.js";
import { sentence } from "/static/texts.js";
import { noon, today } from "/static/time.js";

const AHEAD_MS = 5 * 60_000; // a count whose time is further ahead than this has a typing error

const form = /** @type {HTMLFormElement} */ (element("count"));
const status = form.dataset.status ?? "";
const origin = new Combobox(input("origin"), [...options("places"), { value: UNKNOWN, name: sentence("unknown"), terms: [] }]);
const destination = new Combobox(input("destination"), options("places"));
const hazard = new Combobox(input("hazard"), options("hazards"));
const village = localities(origin);
const site = sites(destination, (kind) => { input("shelter").value = kind; });
const changes = keepUnsent(form);
let report = new CountReport(status);
let isPreset = true; // whether the present district still follows the district of origin

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

/** The values of the form. @returns {import("/static/new-count/count-reports.js").Given} */
function count() {
  return {
    persons: Number(given("persons")), households: given("households") ? Number(given("households")) : null, unit: given("household_unit"),
    isEstimated: input("persons-estimated").checked, origin: place(origin), destination: place(destination), shelter: given("shelter"),
    counted: moment(given("counted")), left: moment(`${given("left")} 12:00`), precision: given("occurred_at_precision"), isFullRecount: input("full-recount").checked,
    hazard: hazard.chosen?.value ?? "", reason: given("reason"), mobility: given("mobility"), evacuation: given("evacuation"), notes: given("notes"),
  };
}

/** @param {Combobox} combobox */
function place(combobox) {
  const place = { pcode: combobox.chosen?.value ?? "", locality: given(`${combobox.input.id}-locality`) };
  return combobox === destination && site.chosen ? { ...place, site: site.chosen.value } : place;
}

/** @param {string} text */
function moment(text) {
  return read(text) ?? new Date(NaN);
}

/** Marks the first kind of error that the form itself finds. */
function isComplete() {
  for (const combobox of [origin, destination, hazard]) combobox.leave();
  for (const [text, fields] of errors()) {
    if (!fields.length) continue;
    fail(sentence(text, { fields: labels(fields), field: labels(fields) }), fields);
    return false;
  }
  return true;
}

/** The texts of the errors, each with its fields. @returns {[string, HTMLInputElement[]][]} */
function errors() {
  const { isEstimated, households, counted, left } = count();
  const isTyped = hazard.input.value.trim() && !hazard.chosen;
  const required = [origin, destination].filter(({ chosen }) => !chosen).map((combobox) => combobox.input);
  const numbers = [input("persons"), input("households")];
  return [
    ["check", numbers.filter(({ validity }) => validity.badInput || validity.rangeUnderflow || validity.stepMismatch)],
    ["missing", [...(given("persons") ? [] : [input("persons")]), ...required]],
    ["uncounted", isEstimated && households === null ? [input("households")] : []],
    ["moment", Number.isNaN(counted.getTime()) ? [input("counted")] : []],
    ["day", Number.isNaN(left.getTime()) ? [input("left")] : []],
    ["ahead", [...(isAhead(counted) ? [input("counted")] : []), ...(isAfterToday(left) ? [input("left")] : [])]],
    ["check", isTyped ? [hazard.input] : []],
  ];
}

/** @param {Date} moment */
function isAhead(moment) {
  return moment.getTime() - Date.now() > AHEAD_MS;
}

/** @param {Date} day at noon */
function isAfterToday(day) {
  return day.getTime() > Date.parse(noon(today()));
}

/** The count in one line: persons, families, origin and present place. */
function called() {
  const { persons, households, isEstimated } = count();
  const unit = /** @type {HTMLSelectElement} */ (element("household_unit")).selectedOptions[0].text;
  const people = sentence(isEstimated ? "estimated" : "persons", { count: persons });
  return [people, households === null ? "" : `${unit}: ${households}`, `${stated(origin)} → ${stated(destination)}`].filter(Boolean).join(" · ");
}

/** @param {Combobox} combobox */
function stated(combobox) {
  return [place(combobox).locality, combobox.input.value].filter(Boolean).join(", ");
}

async function send() {
  if (isComplete()) await sendOnce(form, sendCount);
}

async function sendCount() {
  const answer = await sendReport("/intake/v1/displacements", report, () => report.body(count()));
  if (!answer.ok) return refuse(answer);
  done((await answer.json()).status);
}

/** @param {string} status */
function done(status) {
  showAnswer(form, changes, sentence(status, { event: called() }));
  element("answer-id").textContent = report.id;
  void showReceipt(report.id, report.version);
  element("another").focus();
}

function correct() {
  report.again();
  reopen();
}

/** An empty form for the next count of the same call: the district of origin, the hazard and what happened stay. */
function begin() {
  const { origin: from, hazard: type, reason, mobility } = count();
  report = new CountReport(status);
  form.reset();
  for (const combobox of [origin, destination, hazard, village, site]) combobox.clear();
  origin.set(from.pcode);
  hazard.set(type);
  input("reason").value = reason;
  input("mobility").value = mobility;
  showEvacuation();
  isPreset = true;
  preset();
  reopen();
}

function reopen() {
  form.hidden = false;
  element("answer").hidden = true;
  input("persons").focus();
}

/** Fills in what most callers would answer: counted now, left today, still in the district of origin. */
function preset() {
  const now = written(new Date());
  input("counted").value ||= now;
  input("left").value ||= now.split(" ")[0];
  if (isPreset && origin.chosen && origin.chosen.value !== UNKNOWN && !site.chosen) destination.set(origin.chosen.value);
}

function showEvacuation() {
  element("evacuation-field").hidden = input("mobility").value !== "evacuation";
}

sendByKeyboard(form, () => void send());
origin.input.addEventListener("blur", preset);
destination.input.addEventListener("input", () => { isPreset = false; });
input("mobility").addEventListener("change", showEvacuation);
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);

preset();
input("send").disabled = false; // the template disables the button, so that Enter sends nothing before this script runs

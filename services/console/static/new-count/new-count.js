// The desk's form for counts of displaced people.

import { written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { hidesAnother, offerChoice } from "/static/entry/conflicts.js";
import { Events } from "/static/entry/events.js";
import { given as givenIn, input } from "/static/entry/fields.js";
import { Journey } from "/static/entry/journeys.js";
import { readReport } from "/static/entry/newest-versions.js";
import { People } from "/static/entry/people.js";
import { showAlert, showReceipt } from "/static/entry/receipts.js";
import { isWithout, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showForm, showReported } from "/static/entry/sending.js";
import { CountReport } from "/static/new-count/count-reports.js";
import { Counted } from "/static/new-count/counted.js";
import { show } from "/static/new-count/known-counts.js";
import { sentence } from "/static/texts.js";

const form = /** @type {HTMLFormElement} */ (element("count"));
const status = form.dataset.status ?? "";
const { group = "", report: known = "" } = form.dataset;
const about = { kind: "group", subject: group };
// the form of a correction has all countries in its list
const journey = new Journey(known ? [] : [{ value: "ZZ", name: sentence("unknown"), terms: [] }]);
const people = new People(form);
const time = new Counted();
const events = new Events(form, journey, !known);
const changes = keepUnsent(form);
let report = new CountReport(status);

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

/** @returns {import("/static/new-count/count-reports.js").Given} */
function count() {
  return {
    persons: Number(given("persons")),
    quantifier: given("quantifier"),
    households: given("households") ? Number(given("households")) : null,
    unit: given("household_unit"),
    isEstimated: input("persons-estimated").checked,
    origin: journey.place(journey.origin),
    destination: journey.place(journey.destination),
    shelter: given("shelter"),
    counted: time.at,
    countedPrecision: time.precision,
    left: journey.departure.left,
    precision: journey.departure.precision,
    isFullRecount: input("full-recount").checked,
    isUrgent: input("is-urgent").checked,
    counts: people.counts,
    needs: people.needs,
    hazard: journey.hazard.chosen?.value ?? "",
    event: events.answer,
    reasons: journey.reasons.stated,
    mobility: given("mobility"),
    evacuation: given("evacuation"),
    notes: given("notes"),
  };
}

/** Returns false if a value is missing or wrong. Shows the first error, and marks the fields with this error. */
function isComplete() {
  journey.leave();
  return isWithout(errors()) && people.fit(count().persons);
}

/** @returns {[string, HTMLInputElement[]][]} */
function errors() {
  const { isEstimated, households } = count();
  const numbers = [input("persons"), input("households"), ...people.counters];
  return [
    ["check", numbers.filter(({ validity }) => validity.badInput || validity.rangeUnderflow || validity.stepMismatch)],
    ["missing", [...(given("persons") ? [] : [input("persons")]), ...journey.missing]],
    ["uncounted", isEstimated && households === null ? [input("households")] : []],
    ...time.errors,
    ...journey.departure.errors,
    ["check", journey.unknown],
  ];
}

function called() {
  const { persons, quantifier, households, isEstimated } = count();
  const people = sentence(isEstimated ? "estimated" : "persons", { count: persons });
  const families = households === null ? "" : `${chosen("household_unit").text}: ${households}`;
  const precision = chosen("quantifier");
  return [people, families, quantifier === "exact" ? "" : `${precision.label}: ${precision.text}`, journey.text]
    .filter(Boolean)
    .join(" · ");
}

/** @param {string} name */
function chosen(name) {
  const list = /** @type {HTMLSelectElement} */ (element(name));
  return { label: list.labels[0].textContent, text: list.selectedOptions[0].text };
}

async function send() {
  if (isComplete()) await sendOnce(form, sendCount);
}

async function sendCount() {
  const sent = count();
  if (report.known && (await isHiding(report, sent))) return;
  const answer = await sendReport("/intake/v1/displacements", report, () => report.body(sent));
  if (!answer.ok) return refuse(answer);
  showReported(form, changes, sentence((await answer.json()).status, { event: called() }), report.id);
  void follow(report, sent);
}

/**
 * @param {CountReport} followed
 * @param {import("/static/new-count/count-reports.js").Given} sent
 */
async function follow(followed, sent) {
  const state = await showReceipt(followed.id, followed.version);
  void showAlert(followed.id);
  if (state === "under_review" && followed.known) await isHiding(followed, sent); // somebody was faster
}

/**
 * @param {CountReport} followed
 * @param {import("/static/new-count/count-reports.js").Given} sent
 */
async function isHiding(followed, sent) {
  return hidesAnother(followed, followed.body(sent), await readReport(about, followed.id));
}

/** Replaces the other person's version, which the author has seen. */
async function replaceOther() {
  report.seen = report.version - 1;
  reopen();
  await send();
}

/** Drops the own version, and shows the other person's version. */
async function takeOther() {
  changes.areUnsent = false;
  await showKnown();
}

function correct() {
  report.again();
  reopen();
}

function begin() {
  if (known) return location.assign("/new-count");
  report = new CountReport(status);
  journey.again(form);
  preset();
  events.ask();
  reopen();
}

function reopen() {
  showForm(form, input("persons"));
}

/** Fills in the usual answers: counted now, left today. */
function preset() {
  time.preset();
  input("left").value ||= written(new Date()).split(" ")[0];
}

sendByKeyboard(form, () => void send());
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);

async function showKnown() {
  const newest = await readReport(about, known);
  if (!newest) return;
  report = new CountReport(status, { ...newest.known, version: newest.highest });
  await show(newest.known, form, journey, time);
  reopen();
  input("send").disabled = false;
}

preset();
if (known) {
  offerChoice({ replace: replaceOther, take: takeOther });
  await showKnown();
} else {
  // the buttons are disabled at first: before this script runs, Enter would send the form without checks
  input("send").disabled = false;
}

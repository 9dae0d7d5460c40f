// The form for counts of displaced people that are reported by telephone.

import { written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { given as givenIn, input } from "/static/entry/fields.js";
import { Journey } from "/static/entry/journeys.js";
import { day, isAfterToday, isAhead, isValid, moment } from "/static/entry/moments.js";
import { People } from "/static/entry/people.js";
import { showReceipt } from "/static/entry/receipts.js";
import { isWithout, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showForm, showReported } from "/static/entry/sending.js";
import { CountReport } from "/static/new-count/count-reports.js";
import { sentence } from "/static/texts.js";

const form = /** @type {HTMLFormElement} */ (element("count"));
const status = form.dataset.status ?? "";
const journey = new Journey([{ value: "ZZ", name: sentence("unknown"), terms: [] }]);
const people = new People(form);
const changes = keepUnsent(form);
let report = new CountReport(status);

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

/** The values of the form. @returns {import("/static/new-count/count-reports.js").Given} */
function count() {
  return {
    persons: Number(given("persons")), households: given("households") ? Number(given("households")) : null, unit: given("household_unit"),
    isEstimated: input("persons-estimated").checked, origin: journey.place(journey.origin), destination: journey.place(journey.destination), shelter: given("shelter"),
    counted: moment(given("counted")), left: day(given("left")), precision: given("occurred_at_precision"), isFullRecount: input("full-recount").checked, isUrgent: input("is-urgent").checked, counts: people.counts, needs: people.needs,
    hazard: journey.hazard.chosen?.value ?? "", reason: given("reason"), mobility: given("mobility"), evacuation: given("evacuation"), notes: given("notes"),
  };
}

/** Marks the first kind of error that the form itself finds. */
function isComplete() {
  journey.leave();
  return isWithout(errors()) && people.fit(count().persons);
}

/** The texts of the errors, each with its fields. @returns {[string, HTMLInputElement[]][]} */
function errors() {
  const { isEstimated, households, counted, left } = count();
  const numbers = [input("persons"), input("households"), ...people.counters];
  return [
    ["check", numbers.filter(({ validity }) => validity.badInput || validity.rangeUnderflow || validity.stepMismatch)],
    ["missing", [...(given("persons") ? [] : [input("persons")]), ...journey.missing]],
    ["uncounted", isEstimated && households === null ? [input("households")] : []],
    ["moment", isValid(counted) ? [] : [input("counted")]],
    ["day", isValid(left) ? [] : [input("left")]],
    ["ahead", [...(isAhead(counted) ? [input("counted")] : []), ...(isAfterToday(left) ? [input("left")] : [])]],
    ["check", journey.unknown],
  ];
}

/** The count in one line: persons, families, origin and present place. */
function called() {
  const { persons, households, isEstimated } = count();
  const unit = /** @type {HTMLSelectElement} */ (element("household_unit")).selectedOptions[0].text;
  const people = sentence(isEstimated ? "estimated" : "persons", { count: persons });
  return [people, households === null ? "" : `${unit}: ${households}`, journey.text].filter(Boolean).join(" · ");
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
  showReported(form, changes, sentence(status, { event: called() }), report.id);
  void showReceipt(report.id, report.version);
}

function correct() {
  report.again();
  reopen();
}

/** An empty form for the next count of the same call. */
function begin() {
  report = new CountReport(status);
  journey.again(form);
  preset();
  reopen();
}

function reopen() {
  showForm(form, input("persons"));
}

/** Fills in what most callers would answer: counted now, left today. */
function preset() {
  const now = written(new Date());
  input("counted").value ||= now;
  input("left").value ||= now.split(" ")[0];
}

sendByKeyboard(form, () => void send());
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);

preset();
input("send").disabled = false; // the template disables the button, so that Enter sends nothing before this script runs

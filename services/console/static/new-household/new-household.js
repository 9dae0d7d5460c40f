// The desk's form for one displaced household.

import { written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { hidesAnother, offerChoice } from "/static/entry/conflicts.js";
import { Events } from "/static/entry/events.js";
import { given as givenIn, input } from "/static/entry/fields.js";
import { Journey } from "/static/entry/journeys.js";
import { People } from "/static/entry/people.js";
import { showAlert, showReceipt } from "/static/entry/receipts.js";
import { fail, isWithout, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showForm, showReported } from "/static/entry/sending.js";
import { askAll, askChosen, listenToAllQuestions } from "/static/new-household/all-questions.js";
import { HouseholdReport } from "/static/new-household/household-reports.js";
import { clearResults, showResults } from "/static/new-household/household-results.js";
import { readNewest, show } from "/static/new-household/known-households.js";
import {
  answersOfChildren,
  clear,
  listen,
  members,
  wrongBirths,
  wrongPersonalNumbers,
} from "/static/new-household/members.js";
import { sentence } from "/static/texts.js";

const form = /** @type {HTMLFormElement} */ (element("household"));
const status = form.dataset.status ?? "";
const journey = new Journey();
const events = new Events(form, journey, !form.dataset.household);
const changes = keepUnsent(form);
const people = new People(form);
let report = new HouseholdReport(status);

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

/** @returns {import("/static/new-household/household-reports.js").Given} */
function household() {
  return {
    persons: Number(given("persons")),
    phone: given("phone"),
    origin: journey.place(journey.origin),
    destination: journey.place(journey.destination),
    shelter: given("shelter"),
    left: journey.departure.left,
    precision: journey.departure.precision,
    hazard: journey.hazard.chosen?.value ?? "",
    event: events.answer,
    reasons: journey.reasons.stated,
    mobility: given("mobility"),
    evacuation: given("evacuation"),
    counts: people.counts,
    needs: people.needs,
    intention: given("intention"),
    members: members(),
    notes: given("notes"),
    isUrgent: input("is-urgent").checked,
    hasConsent: input("consent").checked,
  };
}

/** Returns false if a value is missing or wrong. Shows the first error, and marks the fields with this error. */
function isComplete() {
  journey.leave();
  presetPersons();
  return isWithout(errors()) && areListed() && people.fit(household().persons);
}

/** @returns {[string, HTMLInputElement[]][]} */
function errors() {
  return [
    [
      "check",
      [input("persons"), input("phone"), ...people.counters].filter(
        ({ validity }) =>
          validity.badInput || validity.rangeUnderflow || validity.stepMismatch || validity.patternMismatch,
      ),
    ],
    ["missing", [...(given("persons") ? [] : [input("persons")]), ...journey.missing]],
    ...journey.departure.errors,
    ["check", journey.unknown],
    ["birth", wrongBirths().slice(0, 1)],
    ["personal_number", wrongPersonalNumbers().slice(0, 1)],
    ["too_young", answersOfChildren().slice(0, 1)],
  ];
}

function areListed() {
  const {
    persons,
    members: { length: listed },
  } = household();
  if (!listed || listed === persons) return true;
  fail(sentence("listed", { listed, persons }), [input("persons")]);
  return false;
}

function presetPersons() {
  input("persons").value ||= String(members().length || people.total || "");
}

function called() {
  return `${sentence("persons", { count: given("persons") })} · ${journey.text}`;
}

async function send() {
  if (isComplete()) await sendOnce(form, sendHousehold);
}

async function sendHousehold() {
  const sent = household();
  if (report.known && (await isHiding(report, sent))) return;
  const answer = await sendReport("/intake/v1/displacements", report, () => report.body(sent));
  if (!answer.ok) return refuse(answer);
  done((await answer.json()).status);
  void follow(sent);
}

/** @param {import("/static/new-household/household-reports.js").Given} sent */
async function follow(sent) {
  const followed = report; // the form may already show another household when the receipt comes
  const state = await showReceipt(followed.id, followed.version);
  void showAlert(followed.id);
  if (state === "recorded") await showResults(followed, sent);
  if (state === "under_review" && followed.known) await isHiding(followed, sent); // somebody was faster
}

/**
 * @param {HouseholdReport} followed
 * @param {import("/static/new-household/household-reports.js").Given} sent
 */
async function isHiding(followed, sent) {
  return hidesAnother(followed, followed.body(sent), await readNewest(followed.household));
}

/** @param {string} status */
function done(status) {
  clearResults();
  showReported(form, changes, sentence(status, { event: called() }), report.id);
}

function correct() {
  report.again();
  reopen();
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
  await showKnown(report.household);
}

function begin() {
  if (form.dataset.household) return location.assign("/new-household");
  report = new HouseholdReport(status);
  journey.again(form);
  clear();
  askChosen();
  preset();
  events.ask();
  reopen();
}

function reopen() {
  showForm(form, input("persons"));
}

/** Fills in today as the day of departure, which most callers state. */
function preset() {
  input("left").value ||= written(new Date()).split(" ")[0];
}

/** @param {string} id */
async function showKnown(id) {
  const newest = await readNewest(id);
  if (!newest) return;
  report = new HouseholdReport(status, newest.known);
  await show(newest.known, form, journey);
  askAll();
  reopen();
  input("send").disabled = false;
}

listen();
listenToAllQuestions();
sendByKeyboard(form, () => void send());
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);

preset();
if (form.dataset.household) {
  offerChoice({ replace: replaceOther, take: takeOther });
  await showKnown(form.dataset.household);
} else {
  // the buttons are disabled at first: before this script runs, Enter would send the form without checks
  input("send").disabled = false;
}

// The form for a later movement of a registered household, a counted group, or everybody at a site.

import { Combobox } from "/static/combobox.js";
import { written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { hidesAnother, offerChoice } from "/static/entry/conflicts.js";
import { given as givenIn, input, isInCountry, options } from "/static/entry/fields.js";
import { choosePlace, chooseSite, dayOf } from "/static/entry/known-fields.js";
import { day, isAfterToday, isValid } from "/static/entry/moments.js";
import { readReport } from "/static/entry/newest-versions.js";
import { sites } from "/static/entry/places.js";
import { showAlert, showReceipt } from "/static/entry/receipts.js";
import { isWithout, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showForm, showReported } from "/static/entry/sending.js";
import { MovementReport } from "/static/new-movement/movement-reports.js";
import { showReason } from "/static/new-movement/movement-results.js";
import { showSubject } from "/static/new-movement/subjects.js";
import { sentence } from "/static/texts.js";

const UNKNOWN = "ZZ"; // a valid destination, except for an entry into the country
const form = /** @type {HTMLFormElement} */ (element("movement-form"));
const movement = /** @type {HTMLSelectElement} */ (element("movement"));
const about = { status: form.dataset.status ?? "", kind: form.dataset.kind ?? "", subject: form.dataset.subject ?? "" };
const destination = new Combobox(input("destination"), options("places"));
const site = sites(destination, (kind) => {
  input("shelter").value = kind;
});
const changes = keepUnsent(form);
let report = new MovementReport(about);
/** @type {() => import("/static/entry/known-reports.js").Known} */
let last = () => ({});

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

/** Says whether the movement has a destination: `needed`, `possible` or `none`. */
function mayLead() {
  return movement.selectedOptions[0].dataset.destination ?? "none";
}

/** Returns the chosen members, and the members of the corrected report that the household's list lacks. */
function concerned() {
  const listed = [...form.querySelectorAll("[name=members]")].map((box) => /** @type {HTMLInputElement} */ (box).value);
  const others = (report.known?.member_ids ?? []).filter((/** @type {string} */ id) => !listed.includes(id));
  return [...new FormData(form).getAll("members").map(String), ...others];
}

/**
 * Reads the form. A movement without a destination ignores the field of the destination.
 * @returns {import("/static/new-movement/movement-reports.js").Given}
 */
function moved() {
  const leads = mayLead() !== "none",
    members = concerned();
  const chosen = /** @type {import("/static/sites.js").PlaceOption | undefined} */ (site.chosen);
  return {
    movement: given("movement"),
    moved: day(given("moved")),
    precision: given("occurred_at_precision"),
    destination: (leads && destination.chosen?.value) || "",
    site: (leads && chosen?.site?.site_id) || "",
    locality: leads ? given("destination-locality") : "",
    settlement: (leads && chosen?.settlement) || "",
    shelter: leads ? given("shelter") : "unknown",
    members,
    persons: given("persons") && !members.length ? Number(given("persons")) : null,
    notes: given("notes"),
  };
}

/** Returns false if a value is missing or wrong. Shows the first error, and marks the fields with this error. */
function isComplete() {
  destination.leave();
  return isWithout(errors());
}

/** @returns {[string, HTMLElement[]][]} */
function errors() {
  const { moved: on, destination: to, members, persons } = moved(),
    { input: place } = destination,
    leads = mayLead();
  const isMissing = leads === "needed" && (!to || (to === UNKNOWN && movement.value === "entered_country")),
    isTyped = leads !== "none" && place.value.trim() && !to;
  const isAbroad = to && to !== UNKNOWN && !isInCountry(to);
  const { validity } = input("persons");
  return [
    ["missing", [...(movement.value ? [] : [movement]), ...(isMissing ? [place] : [])]],
    ["day", isValid(on) ? [] : [input("moved")]],
    ["ahead", isAfterToday(on) ? [input("moved")] : []],
    ["check", [...(isTyped ? [place] : []), ...(validity.valid ? [] : [input("persons")])]],
    // a report without chosen persons would say that everybody died
    ["died", movement.value === "died" && !members.length && !persons ? [whom()] : []],
    ["left_country", movement.value === "left_country" && to && isInCountry(to) ? [place] : []],
    ["in_country", movement.value !== "left_country" && isAbroad ? [place] : []],
  ];
}

function whom() {
  return /** @type {HTMLInputElement} */ (form.querySelector("[name=members]") ?? input("persons"));
}

function called() {
  const { members, persons, destination: to } = moved();
  const who =
    members.length || persons ? sentence("persons", { count: members.length || (persons ?? 0) }) : sentence("whole");
  return [movement.selectedOptions[0].text, who, to && destination.input.value].filter(Boolean).join(" · ");
}

async function send() {
  if (isComplete()) await sendOnce(form, () => sendMovement(() => report.body(moved()), called()));
}

async function reverse() {
  await sendOnce(form, () => sendMovement(() => report.reversal(), sentence("reversal", { event: called() })));
}

/** @param {() => import("/static/entry/known-reports.js").Known} body @param {string} event */
async function sendMovement(body, event) {
  last = body;
  if (report.known && (await isHiding(report, body()))) return;
  const answer = await sendReport("/intake/v1/movements", report, body);
  if (!answer.ok) return refuse(answer);
  showReported(form, changes, sentence((await answer.json()).status, { event }), report.id);
  void follow(report);
}

/** @param {MovementReport} sent */
async function follow(sent) {
  const { id, version } = sent,
    state = await showReceipt(id, version);
  void showAlert(id);
  if (state) await showReason(about, id, version);
  if (state === "under_review" && sent.known) await isHiding(sent, last()); // somebody was faster
}

/**
 * @param {MovementReport} sent
 * @param {import("/static/entry/known-reports.js").Known} body
 */
async function isHiding(sent, body) {
  return hidesAnother(sent, body, await readReport(about, sent.id), worded);
}

/** @param {import("/static/entry/known-reports.js").Known} version */
function worded({ member_ids, destination_site_id, ...others }) {
  const boxes = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name=members]")]);
  const names = boxes
    .filter(({ value }) => member_ids?.includes(value))
    .map(({ labels }) => labels?.[0].textContent ?? "");
  const place = /** @type {import("/static/sites.js").PlaceOption[]} */ (site.options).find(
    (option) => option.site?.site_id === destination_site_id,
  );
  return {
    ...others,
    ...(member_ids && { member_ids: names }),
    ...(destination_site_id && { destination_site_id: place?.name ?? destination_site_id }),
  };
}

/** Replaces the other person's version, which the author has seen. */
async function replaceOther() {
  report.seen = report.version - 1;
  reopen();
  await (last().is_reversed ? reverse() : send());
}

/** Drops the own version, and shows the other person's version. */
async function takeOther() {
  changes.areUnsent = false;
  if (await showKnown(report.id)) reopen();
}

function correct() {
  report.again();
  reopen();
}

function begin() {
  if (form.dataset.report) return location.assign(`/new-movement?${about.kind}=${about.subject}`);
  report = new MovementReport(about);
  form.reset();
  destination.clear();
  site.clear();
  preset();
  reopen();
}

function reopen() {
  showForm(form, movement);
}

/** Fills in today, because most callers report what happened today. */
function preset() {
  input("moved").value ||= written(new Date()).split(" ")[0];
  showDestination();
}

function showDestination() {
  element("to").hidden = mayLead() === "none";
}

/** Shows a stored movement. Returns false if the movement cannot be read. @param {string} id */
async function showKnown(id) {
  const newest = await readReport(about, id);
  if (!newest) return false;
  const { known, highest } = newest;
  report = new MovementReport(about, { ...known, version: highest });
  for (const search of [destination, site]) search.clear();
  for (const [name, value] of Object.entries({
    movement: known.movement,
    moved: dayOf(known),
    occurred_at_precision: known.occurred_at_precision ?? "day",
    "destination-locality": known.destination_locality,
    shelter: known.shelter ?? "unknown",
    persons: known.persons,
    notes: known.notes,
  }))
    input(name).value = String(value ?? "");
  if (known.destination) choosePlace(destination, known.destination.pcode ?? known.destination.country);
  if (known.destination_site_id) await chooseSite(site, known.destination_site_id);
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=members]")))
    box.checked = Boolean(known.member_ids?.includes(box.value));
  showDestination();
  return true;
}

sendByKeyboard(form, () => void send());
movement.addEventListener("change", showDestination);
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);
if (form.dataset.report) {
  element("reverse").addEventListener("click", () => void reverse());
  offerChoice({ replace: replaceOther, take: takeOther });
}

preset();
const { report: corrected } = form.dataset;
if ((await showSubject(about)) && (!corrected || (await showKnown(corrected)))) {
  reopen();
  // the buttons are disabled at first: before this script runs, Enter would send the form without checks
  for (const button of form.querySelectorAll("button")) button.disabled = false;
}

// The desk's form for events. The console gets the caller, and intake gets the event, with the same report id.

import { call, isNoAnswer } from "/static/calls.js";
import { Combobox } from "/static/combobox.js";
import { read, written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { given as givenIn, input, options } from "/static/entry/fields.js";
import { ask } from "/static/entry/questions.js";
import { fail, labels, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showForm, showReported } from "/static/entry/sending.js";
import { AHEAD_MS, EventReport, WithdrawalReport } from "/static/new-event/event-reports.js";
import { showFollowed } from "/static/new-event/event-results.js";
import { readPoint, receivePoint, writtenPoint } from "/static/new-event/points.js";
import { PlaceSearch } from "/static/place-search.js";
import { readGazetteer, settlementOptions, storedSettlement } from "/static/settlements.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/sites.js").PlaceOption} PlaceOption */

const form = /** @type {HTMLFormElement} */ (element("event"));
const hazard = new Combobox(input("hazard"), options("hazards"));
const place = new Combobox(input("place"), options("places"));
const locality = new PlaceSearch(input("locality"), {
  stated: () => place.chosen?.value ?? "",
  chosen: (option) => {
    if (option) place.set(option.pcode);
  },
});
const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll("button"));
/** @type {import("/static/new-event/event-reports.js").Known | null} */
const known = JSON.parse(element("event-known").textContent ?? "null");
const about = {
  source: form.dataset.source ?? "",
  account: form.dataset.account ?? "",
  status: form.dataset.status ?? "",
};
/** @type {import("/static/new-event/points.js").Spot} */
const spot = JSON.parse(element("event-spot").textContent ?? "{}");
/** @type {object | null} */
const withdrawal = JSON.parse(element("event-withdrawal").textContent ?? "null");
let report = new EventReport(about, known);
/** @type {WithdrawalReport | null} */
let withdrawing = null;
const changes = keepUnsent(form);

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

function event() {
  return {
    type: hazard.chosen?.value ?? "",
    pcode: place.chosen?.value ?? "",
    locality: given("locality"),
    settlement: /** @type {PlaceOption | undefined} */ (locality.chosen)?.settlement,
    point: readPoint(given("point")),
    severity: given("severity"),
    certainty: given("certainty"),
    onset: read(given("onset")) ?? new Date(NaN),
    known: given("known"),
  };
}

function called() {
  const severity =
    form.querySelector("input[name=severity]:checked") ?? form.querySelector("input[name=severity][value=Unknown]");
  return [hazard.input.value, place.input.value, severity?.closest("label")?.querySelector(".severity")?.textContent]
    .filter(Boolean)
    .join(" · ");
}

function isComplete() {
  hazard.leave();
  place.leave();
  locality.leave();
  const missing = [
    [hazard.input, hazard.chosen],
    [place.input, place.chosen],
    [input("onset"), given("onset")],
  ].filter(([, value]) => !value);
  const fields = missing.map(([field]) => /** @type {HTMLElement} */ (field));
  if (fields.length) fail(sentence("missing", { fields: labels(fields) }), fields);
  else if (given("point") && !event().point)
    fail(sentence("point", { field: labels([input("point")]) }), [input("point")]);
  else if (Number.isNaN(event().onset.getTime()))
    fail(sentence("date", { field: labels([input("onset")]) }), [input("onset")]);
  else return isTimeRight();
  return false;
}

/** Returns false if the onset is in the future and the operator has not confirmed a forecast. */
function isTimeRight() {
  askAhead();
  if (element("ahead").hidden || input("forecast").checked) return true;
  fail(element("ahead-text").textContent ?? "", [input("forecast")]);
  return false;
}

function askAhead() {
  const { onset } = event();
  const isAhead = onset.getTime() - Date.now() > AHEAD_MS;
  element("ahead").hidden = !isAhead;
  if (isAhead) element("ahead-text").textContent = sentence("ahead", { time: written(onset) });
}

/** @param {"Alert" | "Update" | "Cancel"} [kind] */
async function send(kind) {
  if (!isComplete()) return;
  await sendOnce(form, () => sendAll(kind));
}

/** @param {"Alert" | "Update" | "Cancel"} [kind] */
async function sendAll(kind) {
  const caller = {
    ...(given("caller-name") && { name: given("caller-name") }),
    ...(given("caller-phone") && { phone: given("caller-phone") }),
  };
  if (Object.keys(caller).length) {
    const kept = await call("PUT", `/v1/callers/${report.id}`, caller);
    if (!kept.ok) return refuse(kept);
  }
  const answer = await sendReport("/intake/v1/hazards", report, () => report.body(event(), kind));
  if (!answer.ok) return refuse(answer);
  const receipt = await answer.json();
  if (kind === "Cancel" && withdrawing) return withdraw(withdrawing);
  done(kind === "Cancel" && receipt.status === "accepted" ? "cancelled" : receipt.status);
  if (receipt.status !== "spooled" && kind !== "Cancel") void showFollowed(receipt.hazard_id, report.id);
}

/** Withdraws the public version of an event that is already cancelled. @param {WithdrawalReport} withdrawal */
async function withdraw(withdrawal) {
  try {
    const answer = await sendReport("/intake/v1/hazards", withdrawal, () => withdrawal.body());
    if (!answer.ok) return stillPublic();
    done((await answer.json()).status === "spooled" ? "spooled" : "withdrawn");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    stillPublic();
  }
}

/** Says that the public version could not be withdrawn. Closes the form: another report would revive the event. */
function stillPublic() {
  done("cancelled");
  element("correct").hidden = true;
  element("still-public").hidden = false;
  element("withdraw").focus();
}

/** @param {string} status */
function done(status) {
  showReported(form, changes, sentence(status, { event: called() }), report.id);
  element("followed").textContent = "";
}

function correct() {
  report.again();
  reopen();
}

function begin() {
  if (known) return location.assign("/new-event");
  report = new EventReport(about, null);
  form.reset();
  hazard.clear();
  place.clear();
  locality.clear();
  input("onset").value = written(new Date());
  askAhead();
  reopen();
}

function reopen() {
  showPoint();
  showForm(form, hazard.input);
}

/** @param {import("/static/new-event/event-reports.js").Known} event */
function fill(event) {
  hazard.set(event.type);
  place.set(event.pcodes.at(-1) ?? "");
  input("locality").value = event.locality ?? "";
  if (event.locality && event.locality_pcode)
    locality.chosen = storedSettlement(event.locality_pcode, event.locality, place.chosen?.value ?? "");
  choose(form.querySelector(`input[name=severity][value="${event.severity}"]`));
  input("point").value = writtenPoint(event.point);
  input("certainty").value = event.certainty;
  input("onset").value = written(new Date(event.onset));
  input("known").value = event.words;
  askAhead();
}

/** Shows the button that removes the point. Without a point, the button is hidden, so Tab skips it. */
function showPoint() {
  element("remove-point").hidden = !given("point");
}

/** @param {import("/static/new-event/points.js").Spot} spot */
function takePoint({ point, pcode }) {
  input("point").value = writtenPoint(point);
  input("point").dispatchEvent(new Event("input", { bubbles: true }));
  if (pcode) place.set(pcode);
  input("point").focus();
}

/** @param {HTMLInputElement | null} severity */
function choose(severity) {
  if (severity) severity.checked = true;
}

place.input.addEventListener("input", () => locality.forget()); // settlements depend on the district
void readGazetteer(element("locality").dataset.settlements ?? "").then((gazetteer) => {
  const names = new Map(options("places").map(({ value, name }) => [value, name]));
  locality.offer(settlementOptions(gazetteer, (pcode) => names.get(pcode) ?? pcode));
});
sendByKeyboard(form, () => void send());
// The question about a date in the future appears while a person types. If the question appeared only after Send, the
// button would move away from the pointer.
input("onset").addEventListener("input", askAhead);
// In a text field, a digit is text. Elsewhere, a digit chooses a severity.
form.addEventListener("keydown", (pressed) => {
  const isText =
    pressed.target instanceof HTMLTextAreaElement ||
    (pressed.target instanceof HTMLInputElement && !["radio", "checkbox"].includes(pressed.target.type));
  const severity =
    isText || pressed.ctrlKey || pressed.altKey || pressed.metaKey
      ? null
      : form.querySelector(`input[data-digit="${CSS.escape(pressed.key)}"]`);
  if (!(severity instanceof HTMLInputElement)) return;
  pressed.preventDefault();
  severity.focus();
  severity.click();
});
input("point").addEventListener("input", showPoint);
element("remove-point").addEventListener("click", () => takePoint({ point: null, pcode: null }));
receivePoint(takePoint);
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);

document.getElementById("cancel")?.addEventListener("click", async () => {
  element("cancelling-about").textContent = called();
  const answer = await ask(/** @type {HTMLDialogElement} */ (element("cancelling")));
  if (!answer.startsWith("cancel")) return;
  // after a lost answer, the same report is sent again: intake withdraws the event only once
  withdrawing =
    answer === "cancel-and-withdraw" && withdrawal ? (withdrawing ?? new WithdrawalReport(withdrawal, report)) : null;
  await send("Cancel");
});

if (known) fill(known);
else {
  input("onset").value ||= written(new Date());
  input("point").value = writtenPoint(spot.point);
  if (spot.pcode) place.set(spot.pcode);
}
showPoint();
// the buttons are disabled at first: before this script runs, Enter would send the form without checks
for (const button of buttons) button.disabled = false;

// What comes by telephone: the caller is kept at the console, the event goes to intake, both under one report's number.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { Combobox } from "/static/combobox.js";
import { element } from "/static/elements.js";

const form = /** @type {HTMLFormElement} */ (element("event"));
const hazard = new Combobox(input("hazard"), options("hazards"));
const place = new Combobox(input("place"), options("places"));
const button = /** @type {HTMLButtonElement} */ (element("send"));
// Both kept until it is accepted: sent twice, it is still one report with one content.
let report = crypto.randomUUID();
let reportedAt = "";
let version = 1;

/** @param {string} id @returns {import("/static/combobox.js").Option[]} */
function options(id) {
  /** @type {any[]} */
  const listed = JSON.parse(element(id).textContent ?? "[]");
  return listed.map((each) => ({ value: each.value ?? each.pcode, name: each.name, above: each.parent_name, terms: each.terms }));
}

/** Now, on the clock of Bishkek, as `datetime-local` wants it. */
function now() {
  return new Date(Date.now() + 6 * 3_600_000).toISOString().slice(0, 16);
}

/** @param {string} name */
function given(name) {
  return String(new FormData(form).get(name) ?? "").trim();
}

function event() {
  const known = given("known");
  const language = document.documentElement.lang;
  reportedAt ||= new Date().toISOString();
  const isOther = hazard.chosen?.value === "other";
  return {
    report_id: report, ...(version > 1 && { version, msg_type: "Update" }), status: form.dataset.status, source: form.dataset.source, source_id: report,
    type: hazard.chosen?.value, ...(isOther && known && { type_text: line(known) }),
    urgency: "Immediate", severity: given("severity"), certainty: given("certainty"),
    area: { pcodes: [place.chosen?.value], ...(given("locality") && { description: given("locality") }) },
    onset: new Date(`${given("onset")}:00+06:00`).toISOString(), reported_at: reportedAt,
    ...(known && { text: { [language]: { headline: line(known), description: known } } }),
  };
}

/** @param {string} text */
function line(text) {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= 150 ? flat : `${flat.slice(0, 149)}…`;
}

async function send() {
  hazard.leave();
  place.leave();
  const missing = [[hazard.input, hazard.chosen], [place.input, place.chosen], [input("onset"), given("onset")]].filter(([, value]) => !value);
  for (const [field] of missing) /** @type {HTMLElement} */ (field).setAttribute("aria-invalid", "true");
  if (missing.length) {
    const fields = missing.map(([field]) => /** @type {HTMLInputElement} */ (field).labels?.[0].textContent).join(", ");
    fail((form.dataset.missing ?? "").replace("{fields}", fields));
    return void /** @type {HTMLElement} */ (missing[0][0]).focus();
  }
  button.disabled = true;
  try {
    await sendAll();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(form.dataset.away ?? "");
  } finally {
    button.disabled = false;
  }
}

async function sendAll() {
  const caller = { ...(given("caller-name") && { name: given("caller-name") }), ...(given("caller-phone") && { phone: given("caller-phone") }) };
  if (Object.keys(caller).length) {
    const kept = await call("PUT", `/v1/callers/${report}`, caller);
    if (!kept.ok) return refuse(kept);
  }
  let answer = await call("POST", "/intake/v1/hazards", event());
  if (answer.status === 409) {
    version += 1; // it was taken, and its answer lost: what was changed since is its next version
    answer = await call("POST", "/intake/v1/hazards", event());
  }
  if (!answer.ok) return refuse(answer);
  const told = await answer.json();
  done(told.status);
}

/** @param {Response} answer */
async function refuse(answer) {
  if (answer.status === 401) return fail(form.dataset.signedOut ?? "");
  const { text, body } = await problem(answer);
  const wrong = new Set((body.errors ?? []).map((/** @type {{pointer: string}} */ each) => called(each.pointer)));
  fail((form.dataset.refused ?? "").replace("{problem}", wrong.size ? `${text}: ${[...wrong].join(", ")}` : text));
}

/** What the form calls the field that a pointer names. @param {string} pointer */
function called(pointer) {
  const field = [...form.elements].find((each) => each instanceof HTMLElement && each.dataset.pointer && pointer.startsWith(each.dataset.pointer));
  return /** @type {HTMLInputElement | undefined} */ (field)?.labels?.[0].textContent ?? pointer;
}

/** @param {string} text */
function fail(text) {
  element("failure").textContent = text;
  element("failure").hidden = !text;
}

/** @param {string} status */
function done(status) {
  fail("");
  form.hidden = true;
  element("answer").hidden = false;
  element("answer-text").textContent = form.dataset[status] ?? status;
  element("answer-id").textContent = report;
  element("another").focus();
}

/** What was sent, once more: sent again it is the next version, which every reader takes in its place. */
function correct() {
  version += 1;
  reportedAt = "";
  reopen();
}

function begin() {
  report = crypto.randomUUID();
  reportedAt = "";
  version = 1;
  form.reset();
  hazard.clear();
  place.clear();
  input("onset").value = now();
  reopen();
}

function reopen() {
  form.hidden = false;
  element("answer").hidden = true;
  hazard.input.focus();
}

form.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  void send();
});
// Enter in a field goes on to the next: only Ctrl+Enter, or the button, sends.
form.addEventListener("keydown", (pressed) => {
  if (pressed.key !== "Enter" || pressed.defaultPrevented) return;
  if (pressed.ctrlKey || pressed.metaKey) {
    pressed.preventDefault();
    void send();
  } else if (pressed.target instanceof HTMLInputElement) pressed.preventDefault();
});
element("another").addEventListener("click", begin);
element("correct").addEventListener("click", correct);

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

input("onset").value = now();

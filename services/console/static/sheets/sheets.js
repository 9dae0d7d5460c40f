// The page that sends a file with a list of households. The browser keeps the file, and sends it with each request.

import { FileChanged, callWithFile, problem } from "/static/calls.js";
import { Combobox } from "/static/combobox.js";
import { read } from "/static/dates.js";
import { element } from "/static/elements.js";
import { input, options } from "/static/entry/fields.js";
import { fail, labels, refuse } from "/static/entry/refusals.js";
import { whileDisabled } from "/static/entry/sending.js";
import { chosenColumns, columnSelects, save } from "/static/sheets/columns.js";
import { confirmed, drawChoices, hideVerdicts, offerSending, showVerdicts } from "/static/sheets/verdicts.js";
import { problems, sentence } from "/static/texts.js";
import { local } from "/static/time.js";

const LONGEST_MS = 120_000;
const UNKNOWN = "ZZ"; // CLDR's code for an unknown region

const form = /** @type {HTMLFormElement} */ (element("sheet"));
const unknown = { value: UNKNOWN, name: sentence("unknown"), terms: [] };
const [origin, destination] = ["origin", "destination"].map(
  (name) => new Combobox(input(name), [...options("places"), unknown]),
);
const hazard = new Combobox(input("hazard"), options("hazards"));
const FIELDS = ["number", "header-first", "header-last", "mobility", "reason", "shelter"];
const OF_THE_HEADER = new Set(["number", "header-first", "header-last"]);
let isGuessed = true;
let last = Promise.resolve();
let checkedChoices = "";

/** Returns the choices. If a field is wrong, shows the error and returns undefined. */
function query() {
  for (const combobox of [origin, destination, hazard]) combobox.leave();
  const unchosen = [origin, destination, hazard].filter((combobox) => combobox.input.value.trim() && !combobox.chosen);
  if (unchosen.length)
    return void fail(
      sentence("check", { fields: labels(unchosen.map((combobox) => combobox.input)) }),
      unchosen.map((combobox) => combobox.input),
    );
  const left = input("left").value.trim();
  const day = left ? read(`${left} 12:00`) : null;
  if (day === undefined) return void fail(sentence("day", { field: labels([input("left")]) }), [input("left")]);
  const given = new URLSearchParams(FIELDS.map((id) => [input(id).name, input(id).value]));
  if (day) given.set("occurred_on", local(day).split("T")[0]);
  for (const combobox of [origin, destination, hazard]) given.set(combobox.input.name, combobox.chosen?.value ?? "");
  if (!isGuessed) given.set("columns", chosenColumns());
  given.set("lang", document.documentElement.lang);
  return given;
}

/**
 * Sends the file, with the lines that a person has confirmed. Returns nothing if the server refused the file.
 * @param {string} act
 * @param {string[]} [lines]
 */
async function sendFile(act, lines = []) {
  const file = input("file").files?.[0];
  if (!file) return void fail(sentence("no_file"), [input("file")]);
  const choices = query();
  if (!choices) return undefined;
  // choosing in a combobox by mouse raises no event
  if (act !== "check" && String(choices) !== checkedChoices) return void (await check());
  choices.set("confirmed", lines.join(","));
  fail("");
  const answer = await callWithFile(`/intake/v1/household-sheets:${act}?${choices}`, file, LONGEST_MS);
  if (answer.ok) return answer;
  hideVerdicts();
  if (answer.status === 413) return void fail(problems["sheet-too-large"], [input("file")]);
  if (answer.status !== 422) return void (await refuse(answer));
  const { text, body } = await problem(answer.clone());
  return void (body.errors ? await refuse(answer) : fail(sentence("refused", { problem: text }), [input("file")]));
}

async function check() {
  const asked = String(query());
  const answer = await sendFile("check");
  if (!answer) return;
  if (String(query()) !== asked) return void (await check()); // a choice has changed during the request
  const sheet = await answer.json();
  drawChoices(sheet);
  checkedChoices = String(query());
  showVerdicts(sheet, "tried");
}

async function send() {
  const answer = await sendFile("send", confirmed());
  if (!answer) return;
  showVerdicts(await answer.json(), "sent");
  element("result").scrollIntoView({ block: "nearest" });
}

async function download() {
  const answer = await sendFile("refused");
  if (answer) await save(answer, "not-accepted.xlsx");
}

/**
 * Runs the action after the running action, so that the page shows the answer to the newest choices.
 * @param {() => Promise<void>} act
 */
function once(act) {
  last = last.catch(() => {}).then(() => run(act));
}

/** @param {() => Promise<void>} act */
async function run(act) {
  element("progress").hidden = false;
  try {
    await whileDisabled(form.querySelectorAll("button"), act, () => fail(sentence("away")));
  } catch (error) {
    if (!(error instanceof FileChanged)) throw error;
    chooseAgain();
  } finally {
    element("progress").hidden = true;
  }
}

/** Empties the field, so that the changed file can be chosen again. The choices for all rows stay. */
function chooseAgain() {
  input("file").value = "";
  hideVerdicts();
  fail(sentence("file_changed"), [input("file")]);
}

/**
 * Hides the verdicts after a change, because the verdicts no longer fit the choices. After a change of the file or its
 * header, the server guesses again what each column contains.
 * @param {Event} event
 */
function changed(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (element("verdicts").contains(target)) return offerSending();
  hideVerdicts();
  const { id } = target;
  if (id === "file") {
    for (const field of OF_THE_HEADER) input(field).value = "";
    element("choices").hidden = true;
  }
  isGuessed =
    id === "file" || OF_THE_HEADER.has(id) || (isGuessed && !columnSelects().some((select) => select === target));
  if (id === "number") for (const field of ["header-first", "header-last"]) input(field).value = "";
  if (id === "file" || OF_THE_HEADER.has(id)) once(check);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  once(check);
});
form.addEventListener("change", changed);
element("send").addEventListener("click", () => once(send));
element("download").addEventListener("click", () => once(download));

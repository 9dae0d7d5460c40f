// Imports the sites of an XLSX or CSV file. A trial run first shows a verdict on each row.

import { FileChanged, callWithFile, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { whileDisabled } from "/static/entry/sending.js";
import { chosenColumns, drawColumns, save } from "/static/sheets/columns.js";
import { cell, number, row } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";

/** @typedef {{line: number, verdict: string, name: string | null, errors: [string, string][]}} ImportedRow */

const LONGEST_MS = 60_000;
const VERDICTS = ["added", "known", "differs", "refused"];
let areChosen = false;

/** @param {() => void} added */
export function listenForSheets(added) {
  element("sheet").addEventListener("submit", (event) => {
    event.preventDefault();
    void once(() => send(true));
  });
  element("add").addEventListener(
    "click",
    () =>
      void once(async () => {
        if (await send(false)) added();
      }),
  );
  element("refused").addEventListener("click", () => void once(download));
  element("columns").addEventListener("change", () => {
    areChosen = true;
    hide();
  });
  input("file").addEventListener("change", () => {
    areChosen = false;
    element("columns-field").hidden = true;
    hide();
  });
}

/** @param {() => Promise<unknown>} act */
async function once(act) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([element("check"), element("add"), element("refused")]);
  try {
    await whileDisabled(buttons, act, () => fail(sentence("away")));
  } catch (error) {
    if (!(error instanceof FileChanged)) throw error;
    input("file").value = ""; // an empty field lets the person choose the same file again
    fail(sentence("file_changed"));
  }
}

/**
 * Sends the file. Returns the answer, or nothing if the server could not read the file.
 * @param {string} act
 * @param {Record<string, string>} [more]
 */
async function sendFile(act, more = {}) {
  const file = input("file").files?.[0];
  if (!file) return void fail(sentence("no_file"));
  const choices = new URLSearchParams({
    ...more,
    ...(areChosen && { columns: chosenColumns() }),
    lang: document.documentElement.lang,
  });
  const answer = await callWithFile(`/registry/v1/sites:${act}?${choices}`, file, LONGEST_MS);
  return answer.ok ? answer : void fail(sentence("refused", { problem: (await problem(answer)).text }));
}

/** @param {boolean} isTrial */
async function send(isTrial) {
  const answer = await sendFile("import", { dry_run: String(isTrial) });
  if (!answer) return false;
  const { columns, rows, unread_sheets } =
    /** @type {{columns: {label: string, column: string}[], rows: ImportedRow[], unread_sheets: string[]}} */ (
      await answer.json()
    );
  drawColumns(columns, words("columns"));
  element("columns-field").hidden = false;
  show(rows, isTrial ? "tried" : "added");
  element("unread-sheets").textContent = sentence("unread_sheets", { sheets: unread_sheets.join(", ") });
  element("unread-sheets").hidden = !unread_sheets.length;
  return true;
}

async function download() {
  const answer = await sendFile("refused");
  if (answer) await save(answer, "not-accepted.xlsx");
}

function hide() {
  show([], "");
}

/** @param {string} text */
function fail(text) {
  show([], "");
  element("sheet-failure").textContent = text;
  element("sheet-failure").hidden = false;
  return false;
}

/**
 * Shows the rows. Rows that a person must check come first.
 * @param {ImportedRow[]} rows
 * @param {string} result
 */
function show(rows, result) {
  const counts = Object.fromEntries(
    VERDICTS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length]),
  );
  const ranked = [...rows].sort((a, b) => VERDICTS.indexOf(b.verdict) - VERDICTS.indexOf(a.verdict) || a.line - b.line);
  element("sheet-failure").hidden = true;
  element("unread-sheets").hidden = true;
  element("sheet-result").textContent = result ? sentence(result, counts) : "";
  element("verdicts").hidden = !rows.length;
  /** @type {HTMLElement} */ (element("verdicts").querySelector("tbody")).replaceChildren(...ranked.map(drawn));
  element("add").hidden = result !== "tried" || !counts.added;
  element("add").textContent = sentence("add", { count: counts.added });
  element("refused").hidden = !counts.refused;
}

/** @param {ImportedRow} imported */
function drawn({ line, verdict, name, errors }) {
  const reasons = errors.map(([column, expected]) =>
    [words("columns")[column], expected && (words("cell_faults")[expected] ?? words("faults")[column] ?? expected)]
      .filter(Boolean)
      .join(": "),
  );
  const made = row([
    cell(number.format(line)),
    cell(name ?? "–"),
    cell(words("verdicts")[verdict]),
    cell(reasons.join("; ")),
  ]);
  made.cells[0].className = "number";
  return made;
}

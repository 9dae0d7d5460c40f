// Adds the sites of a CSV file. Before the import, a trial run shows a verdict for each row.

import { isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { cell, number, row } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";

/** @typedef {{line: number, verdict: string, name: string | null, errors: [string, string][]}} ImportedRow */

const LONGEST_MS = 60_000;
const VERDICTS = ["added", "known", "differs", "refused"];

/** @param {() => void} added */
export function listenForSheets(added) {
  element("sheet").addEventListener("submit", (event) => { event.preventDefault(); void once(() => send(true)); });
  element("add").addEventListener("click", () => void once(async () => { if (await send(false)) added(); }));
  input("file").addEventListener("change", () => show([], ""));
}

/** @param {() => Promise<unknown>} act */
async function once(act) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([element("check"), element("add")]);
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** Sends the file; returns whether it was read. @param {boolean} isTrial */
async function send(isTrial) {
  const file = input("file").files?.[0];
  if (!file) return fail(sentence("no_file"));
  const answer = await fetch(`/registry/v1/sites:import?dry_run=${isTrial}`, {
    method: "POST", body: file, headers: { "content-type": "text/csv", "dayar-account": document.body.dataset.account ?? "" },
    credentials: "same-origin", signal: AbortSignal.timeout(LONGEST_MS),
  });
  if (!answer.ok) return fail(sentence("refused", { problem: (await problem(answer)).text }));
  const { rows } = /** @type {{rows: ImportedRow[]}} */ (await answer.json());
  show(rows, isTrial ? "tried" : "added");
  return true;
}

/** @param {string} text */
function fail(text) {
  show([], "");
  element("sheet-failure").textContent = text;
  element("sheet-failure").hidden = false;
  return false;
}

/** Shows the verdicts; rows that need a look come first. @param {ImportedRow[]} rows @param {string} result */
function show(rows, result) {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length]));
  const ranked = [...rows].sort((a, b) => VERDICTS.indexOf(b.verdict) - VERDICTS.indexOf(a.verdict) || a.line - b.line);
  element("sheet-failure").hidden = true;
  element("sheet-result").textContent = result ? sentence(result, counts) : "";
  element("verdicts").hidden = !rows.length;
  /** @type {HTMLElement} */ (element("verdicts").querySelector("tbody")).replaceChildren(...ranked.map(drawn));
  element("add").hidden = result !== "tried" || !counts.added;
  element("add").textContent = sentence("add", { count: counts.added });
}

/** @param {ImportedRow} imported */
function drawn({ line, verdict, name, errors }) {
  const made = row([cell(number.format(line)), cell(name ?? "–"), cell(words("verdicts")[verdict]), cell(errors.map((pair) => pair.filter(Boolean).join(": ")).join("; "))]);
  made.cells[0].className = "number";
  return made;
}

// Shows the columns of a sheet, and the verdict about each of its rows.

import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { drawColumns, nameOf } from "/static/sheets/columns.js";
import { hideReceipts, showReceipts } from "/static/sheets/receipts.js";
import { cell, figure, labelled, number, row } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";

/**
 * @typedef {{column: number | null, reason: string, missing: string | null}} CellError
 * @typedef {{line: number, verdict: string, persons: number | null, report_id: string | null, errors: CellError[], kept_as_text: number[], is_corrected: boolean, is_outside: boolean}} SheetRow
 * @typedef {{sheets: string[], header_first: number, header_last: number, columns: {label: string, column: string}[], rows: SheetRow[]}} CheckedSheet
 */

const SHOWN = 200;
const RANKS = ["refused", "known", "new", "sent"];

/** @param {CheckedSheet} sheet */
export function drawChoices({ sheets, header_first, header_last, columns }) {
  const chosen = input("number").value || "0";
  element("number").replaceChildren(...sheets.map((name, place) => new Option(name || sentence("sheet_number", { number: place + 1 }), String(place))));
  input("number").value = chosen;
  element("sheet-field").hidden = sheets.length < 2;
  input("header-first").value = String(header_first);
  input("header-last").value = String(header_last);
  drawColumns(columns, words("columns"));
  element("choices").hidden = false;
}

export function hideVerdicts() {
  hideReceipts();
  for (const id of ["verdicts", "send", "download"]) element(id).hidden = true;
  for (const id of ["result", "more"]) element(id).textContent = "";
}

/** Shows the rows; those that need a look come first. @param {CheckedSheet} sheet @param {"tried" | "sent"} act */
export function showVerdicts(sheet, act) {
  const { rows } = sheet;
  const counts = Object.fromEntries(RANKS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length]));
  const own = rows.filter(({ verdict }) => verdict === (act === "tried" ? "new" : "sent"));
  const persons = number.format(own.reduce((sum, row) => sum + (row.persons ?? 0), 0));
  const ranked = [...rows].sort((a, b) => rank(a) - rank(b) || a.line - b.line).slice(0, SHOWN);
  const result = act === "tried" ? sentence("tried", { ...counts, persons }) : sentence("sent", { ...counts, persons });
  element("result").textContent = result;
  element("verdicts").hidden = !rows.length;
  /** @type {HTMLElement} */ (element("verdicts").querySelector("tbody")).replaceChildren(...ranked.map((row) => drawn(row, sheet)));
  element("more").textContent = rows.length > SHOWN ? sentence("more", { shown: SHOWN, all: number.format(rows.length) }) : "";
  element("send").hidden = act !== "tried" || !counts.new;
  element("send").textContent = sentence("send", { count: number.format(counts.new) });
  element("download").hidden = !counts.refused;
  const sent = rows.filter(({ verdict }) => verdict === "sent" || verdict === "known");
  void showReceipts(sent.map(({ report_id }) => report_id ?? ""));
}

/** @param {SheetRow} row */
function rank({ verdict, kept_as_text, is_corrected, is_outside }) {
  if (is_corrected) return RANKS.indexOf("refused") + 0.5;
  return RANKS.indexOf(verdict) - (kept_as_text.length || is_outside ? 0.5 : 0);
}

/** @param {SheetRow} checked @param {CheckedSheet} sheet */
function drawn(checked, { columns }) {
  const label = (/** @type {number} */ place) => nameOf(columns[place]?.label ?? "", place);
  const reasons = checked.errors.map(({ column, reason, missing }) => {
    const name = column === null ? words("columns")[missing ?? ""] : label(column);
    return [name, words("faults")[reason]].filter(Boolean).join(": ");
  });
  if (checked.kept_as_text.length) reasons.push(sentence("kept", { columns: checked.kept_as_text.map(label).join(", ") }));
  if (checked.is_corrected) reasons.push(sentence("corrected"));
  if (checked.is_outside) reasons.push(sentence("outside"));
  const persons = checked.persons === null ? cell("–") : figure(checked.persons);
  return labelled(row([figure(checked.line), persons, cell(words("verdicts")[checked.verdict]), cell(reasons.join("; "))]), "verdicts");
}

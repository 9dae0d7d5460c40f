// Shows a sheet's columns, the verdict on each row, and the results of the sent rows.

import { element, make } from "/static/elements.js";
import { explanationOf } from "/static/entry/explanations.js";
import { input } from "/static/entry/fields.js";
import { drawColumns, nameOf } from "/static/sheets/columns.js";
import { hideReceipts, showReceipts } from "/static/sheets/receipts.js";
import { cell, figure, labelled, number, row } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";

/**
 * @typedef {{column: number | null, reason: string, missing: string | null}} CellError
 * @typedef {{line: number, is_household: boolean, verdict: string, persons: number | null, report_id: string | null,
 *   errors: CellError[], kept_as_text: number[], phone_column: number | null, is_urgent: boolean, is_outside: boolean}}
 *   SheetRow
 * @typedef {import("/static/sheets/receipts.js").Receipt} Receipt
 * @typedef {{sheets: string[], header_first: number, header_last: number, columns: {label: string, column: string}[],
 *   rows: SheetRow[]}} CheckedSheet
 */

const SHOWN = 200;
const CHANGED = ["changed", "changed_elsewhere"];
const RANKS = [...CHANGED, "refused", "under_review", "known_elsewhere", "known", "new", "sent"];
let fresh = 0;

/** @param {CheckedSheet} sheet */
export function drawChoices({ sheets, header_first, header_last, columns }) {
  const chosen = input("number").value || "0";
  element("number").replaceChildren(
    ...sheets.map((name, place) => new Option(name || sentence("sheet_number", { number: place + 1 }), String(place))),
  );
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

/**
 * Shows the verdicts. Rows that a person must check come first.
 * @param {CheckedSheet} sheet
 * @param {"tried" | "sent"} act
 */
export function showVerdicts(sheet, act) {
  const { rows } = sheet;
  const households = rows.filter((row) => row.is_household);
  const counts = Object.fromEntries(
    RANKS.map((verdict) => [verdict, households.filter((row) => row.verdict === verdict).length]),
  );
  const own = households.filter(({ verdict }) => verdict === (act === "tried" ? "new" : "sent"));
  const persons = number.format(own.reduce((sum, row) => sum + (row.persons ?? 0), 0));
  counts.changed += counts.changed_elsewhere;
  const result = act === "tried" ? sentence("tried", { ...counts, persons }) : sentence("sent", { ...counts, persons });
  element("result").textContent = result;
  element("verdicts").hidden = !rows.length;
  draw(sheet, act, new Map());
  element("more").textContent =
    rows.length > SHOWN ? sentence("more", { shown: SHOWN, all: number.format(rows.length) }) : "";
  fresh = act === "tried" ? counts.new : 0;
  offerSending();
  element("download").hidden = !counts.refused;
  const sent = households.filter(({ verdict }) => verdict === "sent" || verdict === "known");
  void showReceipts(
    sent.map(({ report_id }) => report_id ?? ""),
    (results) => {
      draw(sheet, act, results);
      if ([...results.values()].some(({ state }) => state !== "recorded")) element("download").hidden = false;
    },
  );
}

/**
 * Draws the rows. Ticked boxes and the focus stay.
 * @param {CheckedSheet} sheet
 * @param {"tried" | "sent"} act
 * @param {Map<string, Receipt>} results
 */
function draw(sheet, act, results) {
  const ticked = confirmed(),
    focused = document.activeElement?.id;
  const rank = (/** @type {SheetRow} */ row) => rankOf(row, results.get(row.report_id ?? ""));
  const ranked = [...sheet.rows].sort((a, b) => rank(a) - rank(b) || a.line - b.line).slice(0, SHOWN);
  /** @type {HTMLElement} */ (element("verdicts").querySelector("tbody")).replaceChildren(
    ...ranked.map((row) => drawn(row, sheet, act, results.get(row.report_id ?? ""))),
  );
  for (const box of boxes()) box.checked = ticked.includes(box.value);
  if (focused) document.getElementById(focused)?.focus();
}

export function confirmed() {
  return boxes()
    .filter(({ checked }) => checked)
    .map(({ value }) => value);
}

function boxes() {
  return /** @type {HTMLInputElement[]} */ ([...element("verdicts").querySelectorAll("input")]);
}

/** Offers to send the rows. The button is hidden if no household can be sent. */
export function offerSending() {
  const count = fresh + confirmed().length;
  element("send").hidden = !count;
  element("send").textContent = sentence("send", { count: number.format(count) });
}

/** @param {SheetRow} row @param {Receipt} [receipt] */
function rankOf({ verdict, kept_as_text, phone_column, is_outside }, receipt) {
  return (
    RANKS.indexOf(receipt && RANKS.includes(receipt.state) ? receipt.state : verdict) -
    (kept_as_text.length || phone_column !== null || is_outside ? 0.5 : 0)
  );
}

/** @param {SheetRow} checked @param {CheckedSheet} sheet @param {"tried" | "sent"} act @param {Receipt} [receipt] */
function drawn(checked, { columns }, act, receipt) {
  const label = (/** @type {number} */ place) => nameOf(columns[place]?.label ?? "", place);
  const reasons = checked.errors.map(({ column, reason, missing }) => {
    const name = column === null ? words("columns")[missing ?? ""] : label(column);
    return [name, words("faults")[reason]].filter(Boolean).join(": ");
  });
  const explanation = receipt && explanationOf(receipt);
  if (explanation) reasons.unshift(explanation);
  if (receipt?.is_alerted) reasons.unshift(sentence("alerted"));
  const isChanged = CHANGED.includes(checked.verdict) && checked.is_household;
  const isKept = [...CHANGED, "new", "sent"].includes(checked.verdict);
  if (isKept && checked.is_urgent) reasons.push(sentence("urgent"));
  if (isKept && checked.phone_column !== null) reasons.push(sentence("phone", { column: label(checked.phone_column) }));
  if (isKept && checked.kept_as_text.length)
    reasons.push(sentence("kept", { columns: checked.kept_as_text.map(label).join(", ") }));
  if (isChanged) reasons.push(sentence(checked.verdict));
  if (checked.verdict === "known_elsewhere") reasons.push(sentence("elsewhere"));
  if (checked.is_outside) reasons.push(sentence("outside"));
  const persons = checked.persons === null ? cell("–") : figure(checked.persons);
  const confirmations = isChanged && act === "tried" ? [confirmation(checked.line)] : [];
  const result =
    receipt && receipt.state !== "recorded" ? words("states")[receipt.state] : words("verdicts")[checked.verdict];
  return labelled(
    row([figure(checked.line), persons, cell(result), cell(reasons.join("; "), ...confirmations)]),
    "verdicts",
  );
}

/** @param {number} line */
function confirmation(line) {
  const box = make("input", { type: "checkbox", value: String(line), id: `confirm-${line}` });
  return make("p", {}, make("label", {}, box, sentence("confirm")));
}

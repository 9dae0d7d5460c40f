// Somebody else has corrected the household since the form was filled: shows both versions, and the person chooses one.

import { element } from "/static/elements.js";
import { labelOf, labels, valueOf } from "/static/entry/report-values.js";
import { readNewest } from "/static/new-household/known-households.js";
import { cell, head, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {import("/static/entry/known-reports.js").Known} Known
 * @typedef {import("/static/new-household/household-reports.js").HouseholdReport} HouseholdReport
 */

const STAMPS = ["kind", "report_id", "household_id", "version", "status", "reported_at"]; // they differ in any two versions
/** @type {Known} */
const DEFAULTS = { mobility: "displacement", occurred_at_precision: "day", legal_basis: "unknown", shelter: "unknown", intention: "unknown", is_urgent: false, is_whole_household: true };

/**
 * Whether the correction would replace a version of somebody else that its author has not seen. If so, the page shows
 * both versions in place of the form. Also true if the newest version cannot be read, which the page then says.
 * @param {HouseholdReport} report @param {Known} body
 */
export async function hidesAnother(report, body) {
  const newest = await readNewest(report.household);
  if (!newest) return true;
  const { known, author } = newest;
  if (known.report_id !== report.id || known.version <= report.seen || author === document.body.dataset.account) return false;
  report.follow(known.version);
  const names = differing(known, body);
  if (names.length) show(names, known, body);
  return names.length > 0;
}

/** The names of the fields in which the versions differ. @param {Known} theirs @param {Known} ours */
function differing(theirs, ours) {
  const names = [...new Set([...labels.keys(), ...Object.keys(theirs), ...Object.keys(ours)])];
  return names.filter((name) => !STAMPS.includes(name) && stated(name, theirs) !== stated(name, ours));
}

/** @param {string} name @param {Known} version */
function stated(name, version) {
  return valueOf(name, version[name] ?? DEFAULTS[name]);
}

/** @param {string[]} names @param {Known} theirs @param {Known} ours */
function show(names, theirs, ours) {
  const rows = names.map((name) => row([head(labelOf(name)), ...[theirs, ours].map((version) => cell(stated(name, version) || sentence("unstated")))]));
  element("conflict-fields").replaceChildren(...rows);
  element("household").hidden = element("answer").hidden = true;
  element("conflict").hidden = false;
  element("conflict-text").focus();
}

// If somebody else has corrected a report meanwhile, the person chooses between both versions.

import { element } from "/static/elements.js";
import { EFFECTIVE } from "/static/entry/known-reports.js";
import { labelOf, labels, valueOf } from "/static/entry/report-values.js";
import { cell, head, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {import("/static/entry/known-reports.js").Known} Known
 * @typedef {import("/static/entry/known-reports.js").Newest} Newest
 * @typedef {import("/static/entry/versioned-reports.js").VersionedReport} VersionedReport
 */

// fields that tell nothing about a correction: they change with each version, or never
const STAMPS = ["kind", "report_id", "household_id", "household_code", "group_id", "version", "status", "reported_at"];
/** @type {Known} */
const DEFAULTS = {
  reasons: ["not_reported"],
  mobility: "displacement",
  occurred_at_precision: "day",
  legal_basis: "unknown",
  shelter: "unknown",
  intention: "unknown",
  is_urgent: false,
  is_whole_household: true,
  quantifier: "exact",
  persons_estimated: false,
  household_unit: "families",
  counted_at_precision: "hour",
  is_full_recount: false,
  source_type: "unknown",
  is_reversed: false,
};

/**
 * True if the correction would replace another person's version that the author of the correction has not seen. The
 * page then shows both versions instead of the form. If the newest version cannot be read, the result is true too, and
 * the page says so. `worded` replaces ids by the names that the form knows.
 * @param {VersionedReport} report @param {Known} body @param {Newest | undefined} newest
 * @param {(version: Known) => Known} [worded]
 */
export function hidesAnother(report, body, newest, worded = (version) => version) {
  if (!newest) return true;
  const { known, author, outcome } = newest;
  if (
    !EFFECTIVE.includes(outcome) ||
    known.report_id !== report.id ||
    known.version <= report.seen ||
    author === document.body.dataset.account
  )
    return false;
  report.follow(known.version);
  const names = differing(known, body);
  if (names.length) show(names, worded(known), worded(body));
  return names.length > 0;
}

/** @param {Known} theirs @param {Known} ours */
function differing(theirs, ours) {
  const names = [...new Set([...labels.keys(), ...Object.keys(theirs), ...Object.keys(ours)])];
  return names.filter((name) => !STAMPS.includes(name) && stated(name, theirs) !== stated(name, ours));
}

/** @param {string} name @param {Known} version */
function stated(name, version) {
  // people without a stated time of the count were counted at the time of the report
  const isTimeOfCount = name === "counted_at" && version.kind === "group";
  return valueOf(name, version[name] ?? (isTimeOfCount ? version.reported_at : DEFAULTS[name]));
}

/** @param {string[]} names @param {Known} theirs @param {Known} ours */
function show(names, theirs, ours) {
  const rows = names.map((name) =>
    row([head(labelOf(name)), ...[theirs, ours].map((version) => cell(stated(name, version) || sentence("unstated")))]),
  );
  element("conflict-fields").replaceChildren(...rows);
  /** @type {HTMLElement} */ (element("failure").closest("form")).hidden = element("answer").hidden = true;
  element("conflict").hidden = false;
  element("conflict-text").focus();
}

/**
 * Offers the choice between two versions that the person has seen.
 * @param {{replace: () => unknown, take: () => unknown}} choices `replace` sends the own version, `take` drops it
 */
export function offerChoice({ replace, take }) {
  element("replace-other").addEventListener("click", () => {
    close();
    void replace();
  });
  element("take-other").addEventListener("click", () => {
    close();
    void take();
  });
}

function close() {
  element("conflict").hidden = true;
}

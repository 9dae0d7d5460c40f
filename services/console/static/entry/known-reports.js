// Shows in a form a report that is stored already, so that it can be corrected.

import { written } from "/static/dates.js";
import { answerOf } from "/static/entry/receipts.js";
import { readOrTell, tell } from "/static/entry/unread.js";
import { nameOf } from "/static/sites.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {Record<string, any>} Known a whole report
 * @typedef {{known: Known, author: string, outcome: string}} Newest the newest version of a report
 * @typedef {import("/static/combobox.js").Combobox} Combobox
 * @typedef {import("/static/sites.js").PlaceOption} PlaceOption
 */

/**
 * All versions of the reports on a household, a group or a site with their outcomes; undefined if they cannot be shown.
 * @param {string} kind @param {string} id @returns {Promise<Newest[] | undefined>}
 */
export async function readVersions(kind, id) {
  const history = await readOrTell(`/registry/v1/${kind}s/${id}/history`);
  return history?.versions.map((/** @type {Known} */ { report_id, version, status, outcome, author, report }) => ({ outcome, author, known: { version, status, ...report, report_id } }));
}

export const EFFECTIVE = ["recorded", "noted"];

/**
 * The newest version of a report that took effect, or else the newest, with the highest number of any version: somebody
 * else may have sent a held version of the same report. Undefined if the report cannot be shown, which the page then says.
 * @param {{kind: string, subject: string}} about @param {string} id
 * @returns {Promise<Newest & {highest: number} | undefined>}
 */
export async function readReport({ kind, subject }, id) {
  const read = await readVersions(kind, subject), versions = read?.filter(({ known }) => known.report_id === id).sort((a, b) => a.known.version - b.known.version);
  const newest = versions?.filter(({ outcome }) => EFFECTIVE.includes(outcome)).at(-1) ?? versions?.at(-1);
  if (versions && !newest) tell(sentence("unknown_report"));
  return newest && { ...newest, highest: Number(versions?.at(-1)?.known.version) };
}

/** A village is in no list of districts, so it is shown by its code. @param {Combobox} combobox @param {string} code */
export function choosePlace(combobox, code) {
  combobox.choose(combobox.options.find(({ value }) => value === code) ?? { value: code, name: code, terms: [] });
}

/** @param {Combobox} search @param {string} id */
export async function chooseSite(search, id) {
  const site = await answerOf(`/registry/v1/sites/${id}`);
  search.chosen = /** @type {PlaceOption} */ ({ value: id, name: site ? nameOf(site) : id, terms: [], pcode: site?.pcode ?? "", site: site ?? { site_id: id } });
  search.input.value = search.chosen.name;
}

/** `26.11.2026` @param {Known} report */
export function dayOf({ occurred_at }) {
  return written(new Date(occurred_at)).split(" ")[0];
}

/** The known time, if the form still states its day and precision. @param {Known} known @param {Known} body */
export function sameTime(known, body) {
  const isSame = dayOf(known) === dayOf(body) && body.occurred_at_precision === (known.occurred_at_precision ?? "day");
  return isSame ? { occurred_at: known.occurred_at } : {};
}

// Fills a form's fields with the values of a stored report.

import { written } from "/static/dates.js";
import { answerOf } from "/static/entry/receipts.js";
import { nameOf } from "/static/sites.js";

/**
 * @typedef {import("/static/entry/known-reports.js").Known} Known
 * @typedef {import("/static/combobox.js").Combobox} Combobox
 * @typedef {import("/static/sites.js").PlaceOption} PlaceOption
 */

/** Shows a village by its code, because the list has only districts. @param {Combobox} combobox @param {string} code */
export function choosePlace(combobox, code) {
  combobox.choose(combobox.options.find(({ value }) => value === code) ?? { value: code, name: code, terms: [] });
}

/** @param {Combobox} search @param {string} id */
export async function chooseSite(search, id) {
  const site = await answerOf(`/registry/v1/sites/${id}`);
  search.chosen = /** @type {PlaceOption} */ ({
    value: id,
    name: site ? nameOf(site) : id,
    terms: [],
    pcode: site?.pcode ?? "",
    site: site ?? { site_id: id },
  });
  search.input.value = search.chosen.name;
}

/** `26.11.2026` @param {Known} report */
export function dayOf({ occurred_at }) {
  return written(new Date(occurred_at)).split(" ")[0];
}

/** @param {Known} known @param {Known} body */
export function sameTime(known, body) {
  const isSame = dayOf(known) === dayOf(body) && body.occurred_at_precision === (known.occurred_at_precision ?? "day");
  return isSame ? { occurred_at: known.occurred_at } : {};
}

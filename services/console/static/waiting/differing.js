// If several teams counted the same people and their counts differ, shows these counts.

import { call } from "/static/calls.js";
import { element } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { cell, labelled, number, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { learnNames, nameOf } from "/static/waiting/names.js";

/** @typedef {{stock_id: string, counts: {persons: number, counted_at: string, author: string}[], clear: Record<string, any>}} Differing */

export async function readDiffering() {
  const answer = await call("GET", "/registry/v1/counts:differing");
  if (!answer.ok) return;
  /** @type {Differing[]} */
  const stocks = (await answer.json()).stocks;
  await learnNames(stocks.flatMap(({ counts }) => counts.map(({ author }) => author)));
  element("differing-count").textContent = number.format(stocks.length);
  element("differing-none").hidden = stocks.length > 0;
  element("differing").replaceChildren(...stocks.map(drawn));
}

/** @param {Differing} stock */
function drawn({ counts, clear }) {
  const persons = counts.map((count) => count.persons);
  const range = cell(`${number.format(Math.min(...persons))}–${number.format(Math.max(...persons))}`);
  range.className = "number";
  return labelled(row([
    cell(placeOf(clear.destination, clear.destination_locality)), cell(placeOf(clear.origin, clear.origin_locality)), range,
    cell(counts.map(({ persons, author, counted_at }) => sentence("count_by", { persons: number.format(persons), team: nameOf(author), time: dayAndClock(new Date(counted_at)) })).join(" · ")),
  ]), "differing-table");
}

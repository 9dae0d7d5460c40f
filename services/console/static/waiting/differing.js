// The counts of the same people that differ. A person chooses the right count, takes a choice back, or assigns the
// counts.

import { call } from "/static/calls.js";
import { button, element, make } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { cell, labelled, named, number, row, small, strong } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock, timeOf } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { decisionCells, noteUntilApplied, posted, readList, sending } from "/static/waiting/decisions.js";
import { knowledge } from "/static/waiting/knowledge.js";
import { lookAgain } from "/static/waiting/looks.js";
import { age, learnNames, nameOf } from "/static/waiting/names.js";
import { keyed, redraw } from "/static/waiting/redrawing.js";
import { selection } from "/static/waiting/selection.js";

/**
 * @typedef {{report_id: string, group_id: string, persons: number, persons_left: number, counted_at: string,
 *   counted_at_precision: string, author: string}} Count
 * @typedef {{stock_id: string, since: string, assignee: string | null, counts: Count[], clear: Record<string, any>}}
 *   Differing
 * @typedef {{decision_id: string, reason: string, account: string, decided_at: string, is_applied: boolean,
 *   persons: number, group_id: string, other_persons: number, other_group: string, clear: Record<string, any>}} Chosen
 */

const mayDecide = "decides" in element("waiting").dataset;
const rows = selection("differing", showChosen);

export function readDiffering() {
  return readList("differing", list);
}

/** @returns {Promise<Response | undefined>} */
async function list() {
  const answer = await call("GET", "/registry/v1/counts:differing");
  if (!answer.ok) return answer;
  /** @type {{stocks: Differing[], decided: Chosen[]}} */
  const { stocks, decided } = await answer.json();
  await learnNames([
    ...stocks.flatMap(({ assignee, counts }) => [assignee, ...counts.map(({ author }) => author)]),
    ...decided.map(({ account }) => account),
  ]);
  rows.keep(stocks.map(({ stock_id }) => stock_id));
  element("differing-count").textContent = number.format(stocks.length);
  element("differing-none").hidden = stocks.length > 0;
  redraw(
    element("differing"),
    stocks.map((stock) => keyed(stock.stock_id, drawn(stock))),
  );
  element("differing-answered").hidden = !decided.length;
  element("differing-answered-count").textContent = number.format(decided.length);
  redraw(
    element("differing-decided"),
    decided.map((chosen) => keyed(chosen.decision_id, drawnChoice(chosen))),
  );
  rows.shown();
  return undefined;
}

/** @param {Differing} stock */
function drawn({ stock_id, since, assignee, counts, clear }) {
  // the people of each count who were still there at the newest count
  const persons = counts.map((count) => count.persons_left);
  const range = cell(`${number.format(Math.min(...persons))}–${number.format(Math.max(...persons))}`);
  range.className = "number";
  return labelled(
    row([
      cell(rows.checkbox(stock_id, `${now(clear)}: ${range.textContent}`)),
      cell(age(since), small(dayAndClock(new Date(since)))),
      cell(now(clear)),
      cell(from(clear)),
      range,
      cell(...counts.map((count) => shown(count, stock_id, counts))),
      cell(assignee ? nameOf(assignee) : "–"),
    ]),
    "differing-table",
  );
}

/**
 * @param {Count} count
 * @param {string} stock_id
 * @param {Count[]} counts
 */
function shown(
  { report_id, group_id, persons, persons_left, author, counted_at, counted_at_precision },
  stock_id,
  counts,
) {
  const line = make("div", { className: "differing" });
  const text = sentence("count_by", {
    persons: number.format(persons),
    team: nameOf(author),
    time: timeOf(counted_at, counted_at_precision),
  });
  const other_ids = counts.map((count) => count.report_id).filter((id) => id !== report_id);
  line.append(group(group_id, text));
  if (persons_left !== persons) line.append(small(sentence("still_there", { persons: number.format(persons_left) })));
  if (mayDecide)
    line.append(
      named(
        button(sentence("choose"), () => void choose({ stock_id, report_id, other_ids })),
        text,
      ),
    );
  return line;
}

/** @param {Chosen} chosen */
function drawnChoice({
  decision_id,
  reason,
  account,
  decided_at,
  is_applied,
  persons,
  group_id,
  other_persons,
  other_group,
  clear,
}) {
  const numbers = sentence("instead_of", { persons: number.format(persons), other: number.format(other_persons) });
  return labelled(
    row([
      cell(strong(now(clear)), small(from(clear))),
      cell(group(group_id, number.format(persons)), ...noteUntilApplied(is_applied)),
      cell(group(other_group, number.format(other_persons))),
      cell(words("count_reasons")[reason] ?? reason),
      ...decisionCells(
        account,
        decided_at,
        numbers,
        mayDecide
          ? () => void send("reverse", { decision_ids: [decision_id], reason: "mistake" }, "choice_reversed")
          : null,
      ),
    ]),
    "differing-answered-table",
  );
}

/** @param {Record<string, any>} clear */
function now(clear) {
  return placeOf(clear.destination, clear.destination_locality);
}

/** @param {Record<string, any>} clear */
function from(clear) {
  return placeOf(clear.origin, clear.origin_locality);
}

/** @param {string} id @param {string} text */
function group(id, text) {
  return make("a", { href: `/registry/groups/${id}`, textContent: text });
}

/** @param {string} id */
function given(id) {
  return /** @type {HTMLSelectElement} */ (element(id)).value;
}

/** @param {number} count @param {boolean} isAll */
function showChosen(count, isAll) {
  element("differing-acts").hidden = !element("differing").childElementCount;
  /** @type {HTMLButtonElement} */ (element("differing-assign")).disabled = !count;
  element("differing-chosen").textContent = count ? sentence("selected", { count: number.format(count) }) : "";
  /** @type {HTMLInputElement} */ (element("differing-all")).checked = isAll;
}

/** @param {{stock_id: string, report_id: string, other_ids: string[]}} choice */
async function choose(choice) {
  const reason = knowledge("differing-reason");
  if (reason) await send("choose", { ...choice, reason }, "chosen");
}

/** @param {"choose" | "reverse" | "assign"} act @param {Record<string, any>} body @param {string} done */
async function send(act, body, done) {
  const mayHaveChanged = await sending("differing-panel", async () => {
    const changed = await posted(`counts:${act}`, body);
    if (!changed) return false;
    toast(
      changed.length ? sentence(done, { count: number.format(changed.length) }) : sentence("counts_changed"),
      changed.length ? "good" : "bad",
    );
    rows.all(false);
    return true;
  });
  if (!mayHaveChanged) return;
  await readDiffering();
  if (act !== "assign") lookAgain(readDiffering);
}

export function listenToDiffering() {
  element("differing-acts").addEventListener("submit", (event) => event.preventDefault());
  element("differing-all").addEventListener("change", (event) =>
    rows.all(/** @type {HTMLInputElement} */ (event.target).checked),
  );
  element("differing-assign").addEventListener(
    "click",
    () =>
      void send("assign", { stock_ids: [...rows.chosen], account: given("differing-assignee") || null }, "assigned"),
  );
}

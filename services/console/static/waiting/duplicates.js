// The pairs of households that are probably the same. A person decides that the two households are different, or
// assigns the pair.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element, make } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { cell, labelled, number, row, small } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { readList } from "/static/waiting/decisions.js";
import { knowledge } from "/static/waiting/knowledge.js";
import { age, learnNames, nameOf } from "/static/waiting/names.js";
import { keyed, redraw } from "/static/waiting/redrawing.js";
import { selection } from "/static/waiting/selection.js";

/**
 * @typedef {{household_id: string, persons: number, current_pcode?: string, current_country?: string,
 *   registered_at: string, author: string}} Household
 * @typedef {{household_id: string, other_id: string, reasons: string[], found_at: string, assignee: string | null,
 *   households: Household[]}} Pair
 */

const SEPARATOR = "/";
const rows = selection("duplicates", showChosen);

export function readDuplicates() {
  return readList("duplicates", list);
}

/** @returns {Promise<Response | undefined>} */
async function list() {
  const answer = await call("GET", "/registry/v1/duplicates:waiting");
  if (!answer.ok) return answer;
  /** @type {{pairs: Pair[], count: number}} */
  const { pairs, count } = await answer.json();
  await learnNames(pairs.flatMap(({ assignee, households }) => [assignee, ...households.map(({ author }) => author)]));
  rows.keep(pairs.map(keyOf));
  element("duplicates-count").textContent = number.format(count);
  element("duplicates-none").hidden = count > 0;
  redraw(
    element("duplicates"),
    pairs.map((pair) => keyed(keyOf(pair), drawn(pair))),
  );
  rows.shown();
  return undefined;
}

/** @param {Pair} pair */
function drawn(pair) {
  const { reasons, found_at, assignee, households } = pair;
  const matches = reasons.map((reason) => words("duplicate_reasons")[reason] ?? reason).join("; ");
  return labelled(
    row([
      cell(
        rows.checkbox(
          keyOf(pair),
          `${matches}: ${households.map(({ household_id }) => short(household_id)).join(", ")}`,
        ),
      ),
      cell(age(found_at), small(dayAndClock(new Date(found_at)))),
      cell(matches),
      ...households.map((household) => cell(...shown(household))),
      cell(assignee ? nameOf(assignee) : "–"),
    ]),
    "duplicates-table",
  );
}

/** @param {Household} household */
function shown({ household_id, persons, current_pcode, current_country, registered_at, author }) {
  const link = make("a", {
    href: `/registry/households/${household_id}`,
    textContent: sentence("household_link", { id: short(household_id) }),
  });
  const where = placeOf({ pcode: current_pcode ?? undefined, country: current_country ?? undefined });
  return [
    link,
    ` · ${sentence("persons", { count: number.format(persons) })} · ${where}`,
    small(`${nameOf(author)}, ${dayAndClock(new Date(registered_at))}`),
  ];
}

/** Returns the short id, as on a household's page. @param {string} id */
function short(id) {
  return id.slice(0, 8);
}

/** @param {Pair} pair */
function keyOf({ household_id, other_id }) {
  return household_id + SEPARATOR + other_id;
}

/** @param {number} count @param {boolean} isAll */
function showChosen(count, isAll) {
  element("duplicates-acts").hidden = !element("duplicates").childElementCount;
  for (const act of /** @type {NodeListOf<HTMLButtonElement>} */ (
    element("duplicates-acts").querySelectorAll("button")
  ))
    act.disabled = !count;
  element("duplicates-chosen").textContent = count ? sentence("selected", { count: number.format(count) }) : "";
  /** @type {HTMLInputElement} */ (element("duplicates-all")).checked = isAll;
}

/** @param {"answer" | "assign"} act @param {object} body @param {string} done */
async function send(act, body, done) {
  const pairs = [...rows.chosen]
    .map((key) => key.split(SEPARATOR))
    .map(([household_id, other_id]) => ({ household_id, other_id }));
  try {
    const answer = await call("POST", `/registry/v1/duplicates:${act}`, { pairs, ...body });
    if (!answer.ok)
      return toast(
        answer.status === 401 ? sentence("signed_out") : sentence("failed", { problem: (await problem(answer)).text }),
        "bad",
      );
    const changed = (await answer.json()).pairs.length;
    toast(sentence(done, { count: number.format(changed) }), "good");
    if (changed < pairs.length) toast(sentence("faster", { count: number.format(pairs.length - changed) }), "bad");
    rows.all(false);
    await readDuplicates();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("unsure"), "bad");
  }
}

async function answerTwo() {
  const because = knowledge("duplicates-because");
  if (because) await send("answer", { because }, "two_households");
}

/** @param {string} id */
function given(id) {
  return /** @type {HTMLSelectElement} */ (element(id)).value;
}

export function listenToDuplicates() {
  element("duplicates-acts").addEventListener("submit", (event) => event.preventDefault());
  element("duplicates-all").addEventListener("change", (event) =>
    rows.all(/** @type {HTMLInputElement} */ (event.target).checked),
  );
  element("duplicates-assign").addEventListener(
    "click",
    () => void send("assign", { account: given("duplicates-assignee") || null }, "assigned"),
  );
  if ("decides" in element("waiting").dataset)
    element("duplicates-two").addEventListener("click", () => void answerTwo());
}

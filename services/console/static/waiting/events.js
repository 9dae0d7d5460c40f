// The question whether people left because of an event. Intake proposes the event if the report names none.

import { call } from "/static/calls.js";
import { button, element, make } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { cell, labelled, named, number, row, small, strong } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock, timeOf } from "/static/time.js";
import { decisionCells, noteUntilApplied, posted, readList, sending, tellChanged } from "/static/waiting/decisions.js";
import { knowledge } from "/static/waiting/knowledge.js";
import { lookAgain } from "/static/waiting/looks.js";
import { age, learnNames, nameOf } from "/static/waiting/names.js";
import { keyed, redraw } from "/static/waiting/redrawing.js";
import { selection } from "/static/waiting/selection.js";

/**
 * @typedef {{kind: "household" | "group", status: string, pcode: string, occurred_at: string,
 *   occurred_at_precision: string, hazard_type: string | null, since: string, persons: number, report_ids: string[],
 *   household_ids: string[], assignee: string | null}} Departure `household_ids` are the ids of the households or
 *   groups
 * @typedef {import("/static/event-question.js").ProposedHazard} ProposedHazard
 * @typedef {{decision_ids: string[], answer: string, reason: string, account: string, decided_at: string,
 *   is_applied: boolean, pcode: string, occurred_at: string, hazard_type: string | null, household_ids: string[],
 *   group_ids: string[]}} Answered
 * @typedef {{departure: Departure, hazards: ProposedHazard[]}} Question
 */

const MOST = 200;
const SHOWN = 50;
const mayDecide = "decides" in element("waiting").dataset;

const rows = selection("events-asked", showChosen);
/** @type {Map<string, string[]>} */
const reportsOf = new Map();
let pages = 1;

export function readEvents() {
  return readList("events", list);
}

/** @returns {Promise<Response | undefined>} */
async function list() {
  const { questions, answered, refused, isMore } = await readQuestions(pages * SHOWN);
  if (refused) {
    element("events-none").hidden = true;
    return refused;
  }
  await learnNames([
    ...questions.map(({ departure }) => departure.assignee),
    ...answered.map(({ account }) => account),
  ]);
  const reports = questions.reduce((total, { departure }) => total + departure.report_ids.length, 0);
  reportsOf.clear();
  for (const { departure } of questions) reportsOf.set(keyOf(departure), departure.report_ids);
  rows.keep([...reportsOf.keys()]);
  element("events-count").textContent = `${number.format(reports)}${isMore ? "+" : ""}`;
  element("events-none").hidden = questions.length > 0;
  element("events-acts").hidden = !questions.length;
  redraw(
    element("events-asked"),
    questions.map((question) => keyed(keyOf(question.departure), drawn(question))),
  );
  element("events-more").hidden = !isMore;
  element("events-answered").hidden = !answered.length;
  element("events-answered-count").textContent = number.format(answered.length);
  redraw(
    element("events-decided"),
    answered.map((each) => keyed(each.decision_ids[0], drawnAnswer(each))),
  );
  rows.shown();
  return undefined;
}

/** @param {Departure} departure */
function keyOf({ report_ids }) {
  return report_ids[0];
}

/**
 * Reads departures until there are `most` questions. Many departures raise no question, because intake proposes no
 * event. `refused` is the answer of a service that refused a request.
 * @param {number} most
 * @returns {Promise<{questions: Question[], answered: Answered[], refused?: Response, isMore: boolean}>}
 */
async function readQuestions(most) {
  /** @type {Question[]} */
  const questions = [];
  /** @type {Answered[]} */
  let answered = [];
  let cursor = "";
  do {
    const answer = await call(
      "GET",
      `/registry/v1/events:unanswered${cursor && `?${new URLSearchParams({ cursor })}`}`,
    );
    if (!answer.ok) return { questions, answered, refused: answer, isMore: false };
    /** @type {{departures: Departure[], answered: Answered[], next: string | null}} */
    const page = await answer.json();
    if (!cursor) answered = page.answered;
    cursor = page.next ?? "";
    const proposed = await withHazards(page.departures);
    if (!Array.isArray(proposed)) return { questions, answered, refused: proposed, isMore: false };
    questions.push(...proposed);
  } while (cursor && questions.length < most);
  return { questions, answered, isMore: Boolean(cursor) };
}

/**
 * Returns the departures with a proposed event. Returns the answer if intake refused.
 * @param {Departure[]} departures
 * @returns {Promise<Question[] | Response>}
 */
async function withHazards(departures) {
  if (!departures.length) return [];
  const stated = departures.map(({ status, pcode, occurred_at, occurred_at_precision, hazard_type }) => ({
    status,
    pcode,
    occurred_at,
    occurred_at_precision,
    ...(hazard_type && { hazard_type }),
  }));
  const answer = await call("POST", "/intake/v1/hazards:proposals-of-many", { departures: stated });
  if (!answer.ok) return answer;
  /** @type {{hazards: ProposedHazard[]}[]} */
  const proposals = (await answer.json()).proposals;
  return departures
    .map((departure, place) => ({ departure, hazards: proposals[place].hazards }))
    .filter(({ hazards }) => hazards.length);
}

/** @param {Question} question */
function drawn({ departure, hazards }) {
  const { kind, pcode, since, persons, report_ids, household_ids, assignee } = departure;
  const place = placeOf({ pcode });
  const others = report_ids.length - household_ids.length;
  const time = timeOf(departure.occurred_at, departure.occurred_at_precision);
  const about = `${place}, ${time}`;
  return labelled(
    row([
      cell(rows.checkbox(keyOf(departure), about)),
      cell(age(since), small(dayAndClock(new Date(since)))),
      cell(strong(place), small(sentence("left_on", { time }))),
      cell(
        sentence(kind === "group" ? "counts_and_persons" : "households_and_persons", {
          households: number.format(report_ids.length),
          persons: number.format(persons),
        }),
        ...household_ids.map((id) => link(id, kind)),
        ...(others > 0 ? [small(sentence("more_people", { count: number.format(others) }))] : []),
      ),
      cell(assignee ? nameOf(assignee) : "–"),
      cell(
        ...hazards.map((hazard) => asked(departure, hazard, place)),
        ...(mayDecide
          ? [
              named(
                button(sentence("no_event"), () => void decide(departure, { answer: "no" })),
                place,
              ),
            ]
          : []),
      ),
    ]),
    "events-table",
  );
}

/**
 * @param {Departure} departure
 * @param {ProposedHazard} hazard
 * @param {string} place
 */
function asked(departure, { hazard_id, type, onset }, place) {
  const text = `${words("hazardTypes")[type] ?? type}, ${dayAndClock(new Date(onset))}`;
  return make(
    "div",
    {},
    mayDecide
      ? named(
          button(text, () => void decide(departure, { answer: "yes", hazard_id, hazard_type: type })),
          place,
        )
      : text,
  );
}

/** @param {Answered} answered */
function drawnAnswer({
  decision_ids,
  answer,
  reason,
  account,
  decided_at,
  is_applied,
  pcode,
  occurred_at,
  hazard_type,
  household_ids,
  group_ids,
}) {
  const place = placeOf({ pcode }),
    others = decision_ids.length - household_ids.length;
  return labelled(
    row([
      cell(strong(place), small(sentence("left_on", { time: timeOf(occurred_at, "day") }))),
      cell(
        ...household_ids.map((id) => link(id, group_ids.includes(id) ? "group" : "household")),
        ...(others > 0 ? [small(sentence("more_people", { count: number.format(others) }))] : []),
      ),
      cell(
        hazard_type ? (words("hazardTypes")[hazard_type] ?? hazard_type) : (words("event_answers")[answer] ?? answer),
        ...noteUntilApplied(is_applied),
      ),
      cell(words("event_reasons")[reason] ?? reason),
      ...decisionCells(
        account,
        decided_at,
        place,
        mayDecide
          ? () => void sendParts("reverse", "decision_ids", decision_ids, { reason: "mistake" }, "reversed")
          : null,
      ),
    ]),
    "events-answered-table",
  );
}

/** @param {string} id @param {"household" | "group"} kind */
function link(id, kind) {
  return make(
    "small",
    {},
    make("a", { href: `/registry/${kind}s/${id}`, textContent: sentence(`${kind}_link`, { id: id.slice(0, 8) }) }),
  );
}

/** @param {number} count @param {boolean} isAll */
function showChosen(count, isAll) {
  /** @type {HTMLButtonElement} */ (element("events-assign")).disabled = !count;
  element("events-chosen").textContent = count ? sentence("selected", { count: number.format(count) }) : "";
  /** @type {HTMLInputElement} */ (element("events-all")).checked = isAll;
}

/** @param {Departure} departure @param {{answer: string, hazard_id?: string, hazard_type?: string}} answer */
async function decide({ report_ids }, answer) {
  const reason = knowledge("events-reason");
  if (reason) await sendParts("answer", "report_ids", report_ids, { ...answer, reason }, "answered");
}

async function assign() {
  const report_ids = [...rows.chosen].flatMap((key) => reportsOf.get(key) ?? []);
  const account = /** @type {HTMLSelectElement} */ (element("events-assignee")).value || null;
  await sendParts("assign", "report_ids", report_ids, { account }, "assigned");
  rows.all(false);
}

/**
 * @param {"answer" | "reverse" | "assign"} act
 * @param {string} name
 * @param {string[]} ids
 * @param {object} body
 * @param {string} done
 */
async function sendParts(act, name, ids, body, done) {
  const mayHaveChanged = await sending("fled-events", async () => {
    let count = 0;
    for (let begin = 0; begin < ids.length; begin += MOST) {
      const changed = await posted(`events:${act}`, { [name]: ids.slice(begin, begin + MOST), ...body });
      if (!changed) return false;
      count += changed.length;
    }
    tellChanged(done, count, ids.length);
    return true;
  });
  if (!mayHaveChanged) return;
  await readEvents();
  if (act !== "assign") lookAgain(readEvents);
}

export function listenToEvents() {
  element("events-acts").addEventListener("submit", (event) => event.preventDefault());
  element("events-all").addEventListener("change", (event) =>
    rows.all(/** @type {HTMLInputElement} */ (event.target).checked),
  );
  element("events-assign").addEventListener("click", () => void assign());
  element("events-more").addEventListener("click", () => {
    pages += 1;
    void readEvents();
  });
}

// Asks whether households left because of an event, if their reports name none. Intake proposes the events.

import { call, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { button, cell, labelled, named, number, row, small, strong } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { posted, readAgain, sending, tellChanged } from "/static/waiting/decisions.js";
import { knowledge } from "/static/waiting/knowledge.js";
import { lookAgain } from "/static/waiting/looks.js";
import { age, learnNames, nameOf } from "/static/waiting/names.js";
import { keyed, redraw } from "/static/waiting/redrawing.js";

/**
 * @typedef {{status: string, pcode: string, occurred_at: string, occurred_at_precision: string, hazard_type: string | null, since: string, persons: number, report_ids: string[], household_ids: string[]}} Departure
 * @typedef {import("/static/event-question.js").ProposedHazard} ProposedHazard
 * @typedef {{decision_ids: string[], answer: string, reason: string, account: string, decided_at: string, is_applied: boolean, pcode: string, occurred_at: string, hazard_type: string | null, household_ids: string[]}} Answered
 * @typedef {{departure: Departure, hazards: ProposedHazard[], refused?: Response}} Question `refused` is the answer of an intake that proposes nothing now
 */

const MOST = 200; // reports of one request
const AT_ONCE = 4; // questions that intake answers at the same time
const mayDecide = "decides" in element("waiting").dataset;

export async function readEvents() {
  const answer = await call("GET", "/registry/v1/events:unanswered");
  if (!answer.ok) return;
  /** @type {{departures: Departure[], answered: Answered[]}} */
  const { departures, answered } = await answer.json();
  const { questions, refused } = await withHazards(departures);
  await learnNames(answered.map(({ account }) => account));
  const households = questions.reduce((total, { departure }) => total + departure.report_ids.length, 0);
  element("events-count").textContent = number.format(households);
  element("events-none").hidden = questions.length > 0 || Boolean(refused);
  if (refused) toast(sentence("failed", { problem: (await problem(refused)).text }), "bad");
  if (mayDecide) element("events-acts").hidden = !questions.length;
  redraw(element("events-asked"), questions.map((question) => keyed(question.departure.report_ids[0], drawn(question))));
  element("events-answered").hidden = !answered.length;
  element("events-answered-count").textContent = number.format(answered.length);
  redraw(element("events-decided"), answered.map((each) => keyed(each.decision_ids[0], drawnAnswer(each))));
}

/** The departures for which intake proposes at least one event, and one refused proposal. @param {Departure[]} departures */
async function withHazards(departures) {
  /** @type {Question[]} */
  const questions = [];
  for (let begin = 0; begin < departures.length; begin += AT_ONCE) {
    questions.push(...await Promise.all(departures.slice(begin, begin + AT_ONCE).map(proposed)));
  }
  return { questions: questions.filter(({ hazards }) => hazards.length), refused: questions.find(({ refused }) => refused)?.refused };
}

/** @param {Departure} departure @returns {Promise<Question>} */
async function proposed(departure) {
  const { status, pcode, occurred_at, occurred_at_precision, hazard_type } = departure;
  const answer = await call("POST", "/intake/v1/hazards:proposals", { status, pcode, occurred_at, occurred_at_precision, ...(hazard_type && { hazard_type }) });
  return answer.ok ? { departure, hazards: (await answer.json()).hazards } : { departure, hazards: [], refused: answer };
}

/** @param {Question} question */
function drawn({ departure, hazards }) {
  const { pcode, since, persons, report_ids, household_ids } = departure;
  const place = placeOf({ pcode });
  const others = report_ids.length - household_ids.length;
  return labelled(row([
    cell(age(since), small(dayAndClock(new Date(since)))),
    cell(strong(place), small(sentence("left_on", { time: left(departure) }))),
    cell(
      sentence("households_and_persons", { households: number.format(report_ids.length), persons: number.format(persons) }),
      ...household_ids.map(link), ...(others > 0 ? [small(sentence("more_households", { count: number.format(others) }))] : []),
    ),
    cell(...hazards.map((hazard) => asked(departure, hazard, place)), ...(mayDecide ? [named(button(sentence("no_event"), () => void decide(departure, { answer: "no" })), place)] : [])),
  ]), "events-table");
}

/** The event, as the button that says yes. @param {Departure} departure @param {ProposedHazard} hazard @param {string} place */
function asked(departure, { hazard_id, type, onset }, place) {
  const line = document.createElement("div");
  const text = `${words("hazardTypes")[type] ?? type}, ${dayAndClock(new Date(onset))}`;
  line.append(mayDecide ? named(button(text, () => void decide(departure, { answer: "yes", hazard_id, hazard_type: type })), place) : text);
  return line;
}

/** @param {Answered} answered */
function drawnAnswer({ decision_ids, answer, reason, account, decided_at, is_applied, pcode, occurred_at, hazard_type, household_ids }) {
  const place = placeOf({ pcode }), others = decision_ids.length - household_ids.length;
  return labelled(row([
    cell(strong(place), small(sentence("left_on", { time: left({ occurred_at }) }))),
    cell(...household_ids.map(link), ...(others > 0 ? [small(sentence("more_households", { count: number.format(others) }))] : [])),
    cell(hazard_type ? words("hazardTypes")[hazard_type] ?? hazard_type : words("event_answers")[answer] ?? answer, ...(is_applied ? [] : [small(sentence("not_applied"))])),
    cell(words("event_reasons")[reason] ?? reason),
    cell(nameOf(account), small(dayAndClock(new Date(decided_at)))),
    cell(...(mayDecide ? [named(button(sentence("reverse"), () => void sendParts("reverse", "decision_ids", decision_ids, { reason: "mistake" }, "reversed")), place)] : [])),
  ]), "events-answered-table");
}

/** The day of the departure, or the hour if it is known. @param {{occurred_at: string, occurred_at_precision?: string}} departure */
function left({ occurred_at, occurred_at_precision }) {
  const text = dayAndClock(new Date(occurred_at));
  return occurred_at_precision === "hour" ? text : text.split(",")[0];
}

/** @param {string} id */
function link(id) {
  const shown = document.createElement("small");
  shown.append(Object.assign(document.createElement("a"), { href: `/registry/households/${id}`, textContent: sentence("household_link", { id: id.slice(0, 8) }) }));
  return shown;
}

/** @param {Departure} departure @param {{answer: string, hazard_id?: string, hazard_type?: string}} answer */
async function decide({ report_ids }, answer) {
  const reason = knowledge("events-reason");
  if (reason) await sendParts("answer", "report_ids", report_ids, { ...answer, reason }, "answered");
}

/** Sends the ids in as many requests as needed. @param {"answer" | "reverse"} act @param {string} name @param {string[]} ids @param {object} body @param {string} done */
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
  await again();
  lookAgain(again);
}

function again() {
  return readAgain(readEvents);
}

/** Begins to answer. */
export function listenToEvents() {
  if (mayDecide) element("events-acts").addEventListener("submit", (event) => event.preventDefault());
}

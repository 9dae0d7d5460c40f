// Asks whether two places, events or emergencies in open counts are the same. Shows the answers.

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
 * @typedef {"origin" | "destination" | "hazard"} About
 * @typedef {{report_id: string, group_id: string, persons: number, households: number | null, is_full_recount: boolean,
 *   counted_at: string, counted_at_precision: string, author: string, hazard_id: string | null,
 *   hazard_type: string | null, origin: Record<string, string>, destination: Record<string, string>}} Counted
 * @typedef {{name: string, pcode: string, is_site: boolean, has_code: boolean, counts: Counted[], more_counts: number}}
 *   PlaceAsked
 * @typedef {{proposal_id: string, about: About, since: string, district: string, is_answerable: boolean,
 *   assignee: string | null, places: PlaceAsked[]}} Proposal
 * @typedef {{decision_id: string, answer: string, reason: string, account: string, decided_at: string,
 *   is_applied: boolean, is_hazard: boolean, is_emergency: boolean, district: string, names: [string, string]}}
 *   Answered
 */

const MOST = 100;
const mayDecide = "decides" in element("waiting").dataset;
const rows = selection("places-asked", showChosen);
/**
 * The questions about hazards. A person answers these questions one by one, because their answers have other words than
 * answers about places.
 * @type {Set<string>}
 */
let ofHazards = new Set();
let pages = 1;

export function readPlaces() {
  return readList("places", list);
}

/** @returns {Promise<Response | undefined>} */
async function list() {
  const answer = await call("GET", "/registry/v1/places:proposed");
  if (!answer.ok) return answer;
  /** @type {{count: number, proposals: Proposal[], decided: Answered[], next: string | null}} */
  const { count, proposals, ...first } = await answer.json();
  const { decided, next } = await withFurther(first);
  await learnNames([
    ...proposals.flatMap(({ assignee, places }) => [
      assignee,
      ...places.flatMap(({ counts }) => counts.map(({ author }) => author)),
    ]),
    ...decided.map(({ account }) => account),
  ]);
  ofHazards = new Set(proposals.filter(({ about }) => about === "hazard").map(({ proposal_id }) => proposal_id));
  rows.keep(proposals.map(({ proposal_id }) => proposal_id));
  element("places-count").textContent = number.format(count);
  element("places-none").hidden = proposals.length > 0;
  redraw(
    element("places-asked"),
    proposals.map((proposal) => keyed(proposal.proposal_id, drawn(proposal))),
  );
  element("places-answered").hidden = !decided.length;
  element("places-answered-count").textContent = `${number.format(decided.length)}${next ? "+" : ""}`;
  element("places-more").hidden = !next;
  redraw(
    element("places-decided"),
    decided.map((answered) => keyed(answered.decision_id, drawnAnswer(answered))),
  );
  rows.shown();
  return undefined;
}

/** @param {{decided: Answered[], next: string | null}} first */
async function withFurther({ decided, next }) {
  for (let page = 1; page < pages && next; page++) {
    const answer = await call("GET", `/registry/v1/places:decided?cursor=${encodeURIComponent(next)}`);
    if (!answer.ok) break;
    /** @type {{decided: Answered[], next: string | null}} */
    const further = await answer.json();
    decided = [...decided, ...further.decided];
    next = further.next;
  }
  return { decided, next };
}

/** @param {Proposal} proposal */
function drawn({ proposal_id, about, since, district, is_answerable, assignee, places }) {
  const names = [...new Set(places.map(({ name, pcode }) => name || placeOf({ pcode })))].join(" / ");
  const ofHazard = about === "hazard",
    ofEmergency = ofHazard && namesTwo(places);
  const texts = answerTexts(ofHazard, ofEmergency);
  const answers = [
    answerButton("same", proposal_id, names, texts),
    " ",
    answerButton("different", proposal_id, names, texts),
  ];
  const elsewhere = small(sentence("answered_in", { place: placeOf({ pcode: district }) }));
  return labelled(
    row([
      cell(...(is_answerable ? [rows.checkbox(proposal_id, names, mayDecide && ofHazard)] : [])),
      cell(age(since), small(dayAndClock(new Date(since)))),
      cell(
        sentence(places.some(({ is_site }) => is_site) ? "is_site" : ofEmergency ? "asks_emergency" : `asks_${about}`),
      ),
      ...places.map((place) => cell(...shown(place, about))),
      cell(assignee ? nameOf(assignee) : "–"),
      cell(...(!mayDecide ? [] : is_answerable ? answers : [elsewhere])),
    ]),
    "places-table",
  );
}

/** @param {PlaceAsked[]} places */
function namesTwo(places) {
  return places.every(({ counts }) => counts[0]?.hazard_id);
}

/** @param {PlaceAsked} place @param {About} about */
function shown({ name, pcode, is_site, has_code, counts, more_counts }, about) {
  const marks = [
    placeOf({ pcode }),
    is_site && sentence("listed_site"),
    has_code && sentence("listed_locality"),
  ].filter(Boolean);
  const other = about === "origin" ? "destination" : "origin";
  const hazards = about === "hazard" ? [hazardWords(counts[0])] : [];
  return [
    strong(name || placeOf({ pcode })),
    ...hazards.map((text) => small(text)),
    small(marks.join(" · ")),
    ...counts.flatMap((count) => [make("div", { textContent: numbersOf(count) }), small(countWords(count, other))]),
    ...(more_counts ? [small(sentence("more_counts", { count: number.format(more_counts) }))] : []),
  ];
}

/** @param {Counted} count */
function hazardWords({ hazard_id, hazard_type }) {
  const event = hazard_id === null ? sentence("unnamed_event") : sentence("event", { code: hazard_id.slice(-4) });
  return [...(hazard_type === null ? [] : [words("hazard_types")[hazard_type] ?? hazard_type]), event].join(" · ");
}

/** @param {Counted} count */
function numbersOf({ persons, households }) {
  const families = households === null ? [] : [sentence("families", { count: number.format(households) })];
  return [sentence("persons", { count: number.format(persons) }), ...families].join(", ");
}

/** @param {Counted} count @param {"origin" | "destination"} other */
function countWords(count, other) {
  const kind = sentence(count.is_full_recount ? "full_recount" : "partial_count");
  const where = sentence(other === "origin" ? "from" : "now_at", {
    place: placeOf(count[other], count[other].locality),
  });
  return [kind, where, `${nameOf(count.author)}, ${timeOf(count.counted_at, count.counted_at_precision)}`].join(" · ");
}

/** @param {Answered} answered */
function drawnAnswer({
  decision_id,
  answer,
  reason,
  account,
  decided_at,
  is_applied,
  is_hazard,
  is_emergency,
  district,
  names,
}) {
  const pair = [...new Set(names)].join(" / ");
  return labelled(
    row([
      cell(strong(pair), small(placeOf({ pcode: district }))),
      cell(words(answerTexts(is_hazard, is_emergency))[answer] ?? answer, ...noteUntilApplied(is_applied)),
      cell(words("place_reasons")[reason] ?? reason),
      ...decisionCells(
        account,
        decided_at,
        pair,
        mayDecide ? () => void send("reverse", { decision_ids: [decision_id], reason: "mistake" }, "reversed") : null,
      ),
    ]),
    "places-answered-table",
  );
}

/** @param {"same" | "different"} answer @param {string} id @param {string} names @param {string} texts */
function answerButton(answer, id, names, texts) {
  return named(
    button(words(texts)[answer] ?? answer, () => void decide(answer, [id])),
    names,
  );
}

/**
 * @param {boolean} ofHazard
 * @param {boolean} ofEmergency
 */
function answerTexts(ofHazard, ofEmergency) {
  return ofEmergency ? "emergency_answers" : ofHazard ? "same_event_answers" : "place_answers";
}

/** @param {number} count @param {boolean} isAll */
function showChosen(count, isAll) {
  const areAnsweredAtOnce = count && [...rows.chosen].every((id) => !ofHazards.has(id));
  if (mayDecide) for (const id of ["places-same", "places-different"]) element(id).hidden = !areAnsweredAtOnce;
  /** @type {HTMLButtonElement} */ (element("places-assign")).disabled = !count;
  element("places-chosen").textContent = count ? sentence("selected", { count: number.format(count) }) : "";
  /** @type {HTMLInputElement} */ (element("places-all")).checked = isAll;
  element("places-acts").hidden = !element("places-asked").childElementCount;
}

/** @param {string} answer @param {string[]} proposal_ids */
async function decide(answer, proposal_ids) {
  const reason = knowledge("places-reason");
  if (!reason) return;
  for (let begin = 0; begin < proposal_ids.length; begin += MOST) {
    await send("decide", { proposal_ids: proposal_ids.slice(begin, begin + MOST), answer, reason }, "answered");
  }
}

async function assign() {
  const account = /** @type {HTMLSelectElement} */ (element("places-assignee")).value || null;
  const proposal_ids = [...rows.chosen];
  for (let begin = 0; begin < proposal_ids.length; begin += MOST) {
    await send("assign", { proposal_ids: proposal_ids.slice(begin, begin + MOST), account }, "assigned");
  }
  rows.all(false);
}

/** @param {"decide" | "reverse" | "assign"} act @param {Record<string, any>} body @param {string} done */
async function send(act, body, done) {
  const sent = (body.proposal_ids ?? body.decision_ids).length;
  const mayHaveChanged = await sending("same-places", async () => {
    const changed = await posted(`places:${act}`, body);
    if (changed) tellChanged(done, changed.length, sent);
    return Boolean(changed);
  });
  if (!mayHaveChanged) return;
  await readPlaces();
  if (act !== "assign") lookAgain(readPlaces);
}

export function listenToPlaces() {
  element("places-more").addEventListener("click", () => {
    pages += 1;
    void readPlaces();
  });
  element("places-acts").addEventListener("submit", (event) => event.preventDefault());
  element("places-all").addEventListener("change", (event) =>
    rows.all(/** @type {HTMLInputElement} */ (event.target).checked),
  );
  element("places-assign").addEventListener("click", () => void assign());
  if (!mayDecide) return;
  for (const answer of /** @type {const} */ (["same", "different"]))
    element(`places-${answer}`).addEventListener("click", () => void decide(answer, [...rows.chosen]));
}

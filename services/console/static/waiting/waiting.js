// The page of all tasks that wait for a person.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sayAt } from "/static/field-notes.js";
import { rested } from "/static/pressing.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";
import { listenToAdopted, readAdopted } from "/static/waiting/adopted.js";
import { sending } from "/static/waiting/decisions.js";
import { listenToDiffering, readDiffering } from "/static/waiting/differing.js";
import { listenToDuplicates, readDuplicates } from "/static/waiting/duplicates.js";
import { drawHeld, drawReasons, rows } from "/static/waiting/held.js";
import { readLetters } from "/static/waiting/letters.js";
import { listenToEvents, readEvents } from "/static/waiting/events.js";
import { lookAgain } from "/static/waiting/looks.js";
import { learnNames } from "/static/waiting/names.js";
import { open } from "/static/waiting/opened.js";
import { listenToPlaces, readPlaces } from "/static/waiting/places.js";

const PAGE = 100,
  LONGEST_PAGE = 200;
const AT_ONCE = 500;
const AGAIN_MS = 60_000;
const TYPING = "select, textarea, input:not([type=checkbox], [type=radio]), .opened *";
/** @type {import("/static/waiting/held.js").Held[]} */
let reports = [];
let reason = "";
let next = "";
let turn = 0; // number of the newest reading; answers to earlier readings are ignored

/** Reads the list again, as far as the page shows it. */
async function read() {
  await readPage("");
  const answer = await call("GET", "/registry/v1/held:persons");
  if (!answer.ok) return;
  const held = await answer.json();
  element("held-persons").textContent = sentence("unregistered", {
    households: number.format(held.in_households),
    groups: number.format(held.in_groups),
  });
}

/** @param {string} cursor where the page begins; empty for the first page */
async function readPage(cursor) {
  const own = ++turn;
  const limit = cursor ? PAGE : Math.min(LONGEST_PAGE, Math.max(PAGE, reports.length));
  const query = new URLSearchParams({ limit: String(limit), ...(reason && { reason }), ...(cursor && { cursor }) });
  const answer = await call("GET", `/registry/v1/held?${query}`);
  if (own !== turn) return;
  element("stale").hidden = answer.ok;
  if (!answer.ok) {
    element("stale").textContent = sentence("failed", { problem: (await problem(answer)).text });
    return;
  }
  const page = await answer.json();
  await learnNames(
    page.reports.flatMap((/** @type {import("/static/waiting/held.js").Held} */ { author, assignee }) => [
      author,
      assignee,
    ]),
  );
  if (own !== turn) return;
  if (reason && !page.reasons.some((/** @type {{reason: string}} */ known) => known.reason === reason))
    return choose(""); // the last report with this reason is gone
  reports = [...(cursor ? reports : []), ...page.reports];
  next = page.next ?? "";
  drawReasons(page.reasons, reason, choose);
  drawHeld(reports, (report, row) => void open(report, row, readAfterDecision));
  element("more").hidden = !next;
}

/** @param {string} chosen */
function choose(chosen) {
  reason = chosen;
  reports = [];
  rows.chosen.clear();
  attempt(read);
}

/** Runs the reading. Without an answer, shows a notice. @param {() => Promise<unknown>} reading */
function attempt(reading) {
  reading().catch((error) => {
    if (!isNoAnswer(error)) throw error;
    element("stale").hidden = false;
    element("stale").textContent = sentence("away");
  });
}

/** @param {string} path @param {object} body @param {string} done */
async function act(path, body, done) {
  const outcome_ids = [...rows.chosen];
  const mayHaveChanged = await sending("acts", async () => {
    const changed = await sentInParts(path, outcome_ids, body);
    if (changed === null) return false;
    toast(sentence(done, { count: number.format(changed) }), "good");
    if (changed < outcome_ids.length)
      toast(sentence("left", { count: number.format(outcome_ids.length - changed) }), "bad");
    rows.chosen.clear();
    if ("is_accepted" in body) forgetRefusal();
    return true;
  });
  if (mayHaveChanged) readAfterDecision();
}

/** Reads now, and later again, when the registry has carried out the decision. */
function readAfterDecision() {
  attempt(read);
  lookAgain(() => {
    attempt(read);
    void readAdopted();
  });
}

/**
 * Sends the decision in parts. Returns null if a request was refused.
 * @param {string} path
 * @param {string[]} ids
 * @param {object} body
 */
async function sentInParts(path, ids, body) {
  let changed = 0;
  for (let begin = 0; begin < ids.length; begin += AT_ONCE) {
    const answer = await call("POST", path, { outcome_ids: ids.slice(begin, begin + AT_ONCE), ...body });
    if (!answer.ok) {
      toast(
        answer.status === 401 ? sentence("signed_out") : sentence("failed", { problem: (await problem(answer)).text }),
        "bad",
      );
      return null;
    }
    changed += (await answer.json()).outcome_ids.length;
  }
  return changed;
}

/** @param {string} name @returns {string} */
function given(name) {
  return /** @type {HTMLInputElement} */ (element(name)).value.trim();
}

/** Forgets the reason of a refusal, so that the next author cannot get this reason by mistake. */
function forgetRefusal() {
  /** @type {HTMLSelectElement} */ (element("refusal")).value = "";
}

function refuse() {
  const refusal = /** @type {HTMLSelectElement} */ (element("refusal"));
  if (!refusal.value) return sayAt(refusal, sentence("reasonless"));
  return void act("/registry/v1/held:decide", { is_accepted: false, refusal: refusal.value }, "refused");
}

if ("decides" in element("waiting").dataset) {
  element("accept").addEventListener(
    "click",
    () => void act("/registry/v1/held:decide", { is_accepted: true }, "accepted"),
  );
  element("refuse").addEventListener("click", refuse);
}
if ("held" in element("waiting").dataset) listen();
if ("letters" in element("waiting").dataset) attempt(readLetters);

/** Starts the lists of reports and questions. An administrator's page has only the dead letters. */
function listen() {
  element("acts").addEventListener("submit", (event) => event.preventDefault());
  element("assign").addEventListener(
    "click",
    () => void act("/registry/v1/held:assign", { account: given("assignee") || null }, "assigned"),
  );
  element("select-all").addEventListener("change", (event) =>
    rows.all(/** @type {HTMLInputElement} */ (event.target).checked),
  );
  element("more").addEventListener("click", () => attempt(() => readPage(next)));
  attempt(read);
  void readAdopted();
  listenToAdopted(readAfterDecision);
  listenToPlaces();
  listenToDuplicates();
  listenToDiffering();
  listenToEvents();
  readOthers();
  setInterval(() => void readAgain(), AGAIN_MS);
}

function readOthers() {
  for (const read of [readDuplicates, readPlaces, readDiffering, readEvents]) void read();
}

/** Reads everything again, but not while a person types on the page. */
async function readAgain() {
  await rested();
  if (document.hidden || document.activeElement?.matches(TYPING)) return;
  if (reports.length <= LONGEST_PAGE) attempt(read); // after "Show more", a reading would drop the added reports
  void readAdopted();
  readOthers();
}

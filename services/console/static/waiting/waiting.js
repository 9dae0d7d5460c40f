// The page of everything that waits for a person: held reports, counts that differ, and messages that failed.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";
import { readDiffering } from "/static/waiting/differing.js";
import { drawHeld, drawReasons, selectAll, selected } from "/static/waiting/held.js";
import { readLetters } from "/static/waiting/letters.js";
import { open } from "/static/waiting/opened.js";

const CARRIED_OUT_MS = 1500; // the registry carries a decision out in this time
/** @type {import("/static/waiting/held.js").Held[]} */
let reports = [];
let reason = "";
let next = "";

/** Reads the first page of the held reports again. */
async function read() {
  reports = [];
  next = "";
  await readMore();
  const answer = await call("GET", "/registry/v1/held:persons");
  if (!answer.ok) return;
  const held = await answer.json();
  element("held-persons").textContent = sentence("unregistered", { households: number.format(held.in_households), groups: number.format(held.in_groups) });
}

async function readMore() {
  const query = new URLSearchParams({ ...(reason && { reason }), ...(next && { cursor: next }) });
  const answer = await call("GET", `/registry/v1/held?${query}`);
  element("stale").hidden = answer.ok;
  if (!answer.ok) {
    element("stale").textContent = sentence("failed", { problem: (await problem(answer)).text });
    return;
  }
  const page = await answer.json();
  reports = [...reports, ...page.reports];
  next = page.next ?? "";
  drawReasons(page.reasons, reason, (chosen) => { reason = chosen; selected.clear(); attempt(read); });
  drawHeld(reports, (report, row) => void open(report, row));
  element("more").hidden = !next;
}

/** Runs a reading, and says so if there is no answer. @param {() => Promise<unknown>} reading */
function attempt(reading) {
  reading().catch((error) => {
    if (!isNoAnswer(error)) throw error;
    element("stale").hidden = false;
    element("stale").textContent = sentence("away");
  });
}

/** @param {string} path @param {object} body @param {string} done */
async function act(path, body, done) {
  const outcome_ids = [...selected];
  try {
    const answer = await call("POST", path, { outcome_ids, ...body });
    if (answer.status === 401) return toast(sentence("signed_out"), "bad");
    if (!answer.ok) return toast(sentence("failed", { problem: (await problem(answer)).text }), "bad");
    const { length } = (await answer.json()).outcome_ids;
    toast(sentence(done, { count: number.format(length) }), "good");
    if (length < outcome_ids.length) toast(sentence("left", { count: number.format(outcome_ids.length - length) }), "bad");
    selected.clear();
    if ("is_accepted" in body) forgetRefusal();
    attempt(read);
    setTimeout(() => attempt(read), CARRIED_OUT_MS);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("not_sent"), "bad");
  }
}

/** @param {string} name @returns {string} */
function given(name) {
  return /** @type {HTMLInputElement} */ (element(name)).value.trim();
}

/** The reason of one refusal must not be sent to the author of the next report. */
function forgetRefusal() {
  /** @type {HTMLSelectElement} */ (element("refusal")).value = "";
}

function refuse() {
  const refusal = /** @type {HTMLSelectElement} */ (element("refusal"));
  refusal.ariaInvalid = String(!refusal.value);
  if (!refusal.value) return refusal.focus();
  return void act("/registry/v1/held:decide", { is_accepted: false, refusal: refusal.value }, "refused");
}

if ("decides" in element("waiting").dataset) {
  element("accept").addEventListener("click", () => void act("/registry/v1/held:decide", { is_accepted: true }, "accepted"));
  element("refuse").addEventListener("click", refuse);
}
element("acts").addEventListener("submit", (event) => event.preventDefault());
element("assign").addEventListener("click", () => void act("/registry/v1/held:assign", { account: given("assignee") || null }, "assigned"));
element("select-all").addEventListener("change", (event) => selectAll(/** @type {HTMLInputElement} */ (event.target).checked));
element("more").addEventListener("click", () => attempt(readMore));
attempt(read);
attempt(readDiffering);
if ("letters" in element("waiting").dataset) attempt(readLetters);

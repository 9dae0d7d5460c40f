// The dead letters, grouped by reason. A person makes a service process letters again, or refuses letters with a reason
// that their authors read.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { button, element } from "/static/elements.js";
import { sayAt } from "/static/field-notes.js";
import { cell, code, figure, labelled, number, row } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { toast } from "/static/toasts.js";
import { age } from "/static/waiting/names.js";
import { mayOpen, openLetters } from "/static/waiting/letter-contents.js";
import { keyed, redraw } from "/static/waiting/redrawing.js";

/**
 * @typedef {{service: string, topic: string, partition: number, offset: number, reason: string, set_aside_at: string}}
 *   Letter
 */
/**
 * @typedef {{service: string, topic: string, reason: string, letters: number, oldest: string}} Counted the letters of
 *   one reason
 */
/** @typedef {{name: string, reason: string, received_at: string | null}} Unpublished */

const LEDGERS = {
  intake: "/intake/v1/ledger/consumer",
  registry: "/registry/v1/ledger",
  alerts: "/alerts/v1/ledger",
  console: "/console/v1/ledger",
};
const MOST = 100;
const LOOKS_MS = [0, 2000, 6000]; // the service needs time to process the letters
/** The choices that were not sent, by the kind of letters. @type {Map<string, string>} */
const chosen = new Map();

export async function readLetters() {
  const heard = await Promise.all(Object.entries(LEDGERS).map(([service, path]) => read(service, path)));
  const setAside = await readUnpublished();
  const unpublished = setAside ?? [];
  const silent = Object.keys(LEDGERS).filter((service, place) => !heard[place] || (service === "intake" && !setAside));
  const counted = heard.flatMap((each) => each?.counted ?? []);
  const letters = heard.flatMap((each) => each?.letters ?? []);
  const assigned = await readAssigned();
  element("letters-count").textContent = number.format(
    heard.reduce((total, each) => total + (each?.count ?? 0), unpublished.length),
  );
  element("letters-none").hidden = counted.length > 0 || unpublished.length > 0 || silent.length > 0;
  element("letters-silent").hidden = !silent.length;
  element("letters-silent").textContent = sentence("no_answer", { names: silent.join(", ") });
  redraw(element("letters"), [
    ...counted.map((kind) =>
      keyed(
        kindOf(kind),
        drawn(
          kind,
          letters.filter((letter) => kindOf(letter) === kindOf(kind)),
          assigned.get(kindOf(kind)),
        ),
      ),
    ),
    ...unpublished.map(drawnUnpublished),
  ]);
}

/** @returns {Promise<Map<string, string>>} */
async function readAssigned() {
  const answer = await call("GET", "/v1/letters:assignments").catch(() => undefined);
  /** @type {(Letter & {account: string})[]} */
  const known = answer?.ok ? (await answer.json()).assignments : [];
  return new Map(known.map((assignment) => [kindOf(assignment), assignment.account]));
}

/** @param {{service: string, topic: string, reason: string}} letter */
function kindOf({ service, topic, reason }) {
  return [service, topic, reason].join("|");
}

/** @returns {Promise<Unpublished[] | undefined>} */
async function readUnpublished() {
  const answer = await call("GET", "/intake/v1/set-aside").catch(() => undefined);
  return answer?.ok ? (await answer.json()).set_aside : undefined;
}

/** @param {Unpublished} record */
function drawnUnpublished({ name, reason, received_at }) {
  return labelled(
    row([
      cell(code(reason)),
      cell(code(name)),
      figure(1),
      cell(received_at ? age(received_at) : "–"),
      cell("–"),
      cell(words("advice")[reason] ?? ""),
    ]),
    "letters-table",
  );
}

/**
 * @param {string} service
 * @param {string} path
 * @returns {Promise<{letters: Letter[], counted: Counted[], count: number} | undefined>}
 */
async function read(service, path) {
  try {
    const answer = await call("GET", path);
    if (!answer.ok) return undefined;
    const { dead_letters, dead_letters_by_reason, dead_letters_count } = await answer.json();
    return {
      letters: dead_letters.map((/** @type {Letter} */ letter) => ({ ...letter, service })),
      counted: dead_letters_by_reason.map((/** @type {Counted} */ kind) => ({ ...kind, service })),
      count: dead_letters_count,
    };
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return undefined;
  }
}

/**
 * @param {Counted} kind
 * @param {Letter[]} letters
 * @param {string | undefined} account
 */
function drawn(kind, letters, account) {
  const may = letters.length && "redrives" in element("waiting").dataset;
  const made = labelled(
    row([
      cell(code(kind.reason)),
      cell(`${kind.service} ← ${kind.topic}`),
      figure(kind.letters),
      cell(age(kind.oldest)),
      cell(assignee(kind, account)),
      cell(
        ...(letters.length && mayOpen ? [button(sentence("open"), () => openLetters(letters, made))] : []),
        ...(may ? [button(sentence("redrive"), () => void decide(letters, "redrive")), ...refusal(letters)] : []),
      ),
    ]),
    "letters-table",
  );
  return made;
}

/** @param {Counted} kind @param {string | undefined} account */
function assignee({ service, topic, reason }, account) {
  const made = /** @type {HTMLTemplateElement} */ (element("letter-assignee")).content.cloneNode(true);
  const select = /** @type {HTMLSelectElement} */ (/** @type {DocumentFragment} */ (made).querySelector("select"));
  select.value = account ?? "";
  select.addEventListener("change", () => void assign({ service, topic, reason, account: select.value || null }));
  return select;
}

/** @param {object} assignment */
async function assign(assignment) {
  try {
    const answer = await call("PUT", "/v1/letters:assignments", assignment);
    if (!answer.ok) return toast(sentence("failed", { problem: (await problem(answer)).text }), "bad");
    toast(sentence("assigned", { count: 1 }), "good");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("unsure"), "bad");
  }
}

/** Makes the controls for a refusal: the reason that the authors read, and a button. @param {Letter[]} letters */
function refusal(letters) {
  const made = /** @type {DocumentFragment} */ (
    /** @type {HTMLTemplateElement} */ (element("letter-refusal")).content.cloneNode(true)
  );
  const field = /** @type {HTMLElement} */ (made.querySelector(".field")),
    select = /** @type {HTMLSelectElement} */ (made.querySelector("select"));
  const kind = kindOf(letters[0]);
  select.id = `refusal-${kind}`;
  select.value = chosen.get(kind) ?? "";
  select.addEventListener("change", () => chosen.set(kind, select.value));
  const refuse = button(sentence("refuse"), () => {
    if (!select.value) return sayAt(select, sentence("reasonless"));
    return void decide(letters, "refuse", { refusal: select.value });
  });
  return [field, refuse];
}

/** @param {Letter[]} letters @param {"redrive" | "refuse"} verb @param {object} [more] */
async function decide(letters, verb, more = {}) {
  const { count, failure } = await sent(letters, verb, more);
  if (failure) toast(failure, "bad");
  else chosen.delete(kindOf(letters[0])); // the next author must not get this reason
  if (count || !failure)
    toast(sentence(verb === "redrive" ? "redriven" : "refused", { count: number.format(count) }), "good");
  for (const after of LOOKS_MS) setTimeout(() => readLetters().catch(() => undefined), after);
}

/**
 * Sends the action. Returns the number of accepted letters, and the reason for the others.
 * @param {Letter[]} letters @param {"redrive" | "refuse"} verb @param {object} more
 * @returns {Promise<{count: number, failure?: string}>}
 */
async function sent(letters, verb, more) {
  const named = letters.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  const [{ service }] = letters;
  let count = 0;
  try {
    for (let begin = 0; begin < named.length; begin += MOST) {
      const answer = await call("POST", `/${service}/v1/dead-letters:${verb}`, {
        letters: named.slice(begin, begin + MOST),
        ...more,
      });
      if (!answer.ok) return { count, failure: sentence("failed", { problem: (await problem(answer)).text }) };
      count += (await answer.json()).count;
    }
    return { count };
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return { count, failure: sentence("unsure") };
  }
}

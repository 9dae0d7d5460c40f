// Shows what followed from a recorded household: its page, probable duplicates, and an open alert for its origin.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { isInCountry } from "/static/entry/fields.js";
import { answerOf, isShown } from "/static/entry/receipts.js";
import { sentence, words } from "/static/texts.js";

const AGAIN_MS = 1000;
const LONGEST_MS = 6000; // an alert about displaced people is raised within this time

/** @typedef {{household_id: string, duplicate_reasons: string[], found_members: Record<string, string | null>[]}} Duplicate */
/** @typedef {{alert_id: string, rule: string}} Alert */

export function clearResults() {
  for (const id of ["answer-alert", "answer-duplicates"]) element(id).replaceChildren();
  element("answer-duplicates").hidden = element("answer-household").hidden = true;
}

/**
 * @param {import("/static/new-household/household-reports.js").HouseholdReport} report
 * @param {import("/static/new-household/household-reports.js").Given} given
 */
export async function showResults({ id, household, status }, { origin, members, mobility }) {
  const page = /** @type {HTMLAnchorElement} */ (element("answer-household"));
  page.href = `/registry/households/${household}`;
  page.hidden = false;
  await Promise.all([
    members.length && showDuplicates(id, household), // without names and years of birth, no household is an exact duplicate
    ["displacement", "evacuation"].includes(mobility) && isInCountry(origin.pcode) && showAlert(id, status, origin.pcode),
  ]);
}

/** The reading is recorded in the security log, as each reading of names. @param {string} id @param {string} household */
async function showDuplicates(id, household) {
  const answer = await read(`/registry/v1/households/${household}/duplicates`);
  if (!answer || !isShown(id)) return;
  if (answer.status === 403) return showPurpose((await problem(answer)).body.type);
  if (!answer.ok) return;
  /** @type {Duplicate[]} */
  const duplicates = (await answer.json()).duplicates;
  if (!duplicates.length) return;
  show("answer-duplicates", sentence("duplicates"), ...duplicates.map(({ household_id, duplicate_reasons, found_members }) => {
    const names = found_members.map(({ family_name, given_name }) => [family_name, given_name].filter(Boolean).join(" ") || sentence("nameless"));
    const reasons = duplicate_reasons.map((reason) => words("duplicate_reasons")[reason] ?? reason);
    return link(`/registry/households/${household_id}`, `${names.join(", ")} (${reasons.join("; ")})`);
  }));
}

/** @param {string | undefined} type */
function showPurpose(type) {
  if (type?.endsWith("purpose-needed")) show("answer-duplicates", link("/purpose", sentence("purpose_of_duplicates")));
}

/** @param {string} path */
async function read(path) {
  try {
    return await call("GET", path);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return undefined;
  }
}

/** Asks until an alert about displaced people is open for the district of origin. @param {string} id @param {string} status @param {string} pcode */
async function showAlert(id, status, pcode) {
  const until = Date.now() + LONGEST_MS;
  for (;;) {
    const page = await answerOf(`/alerts/v1/alerts?state=open&state=acknowledged&status=${status}&area=${pcode}&limit=200`);
    if (!isShown(id)) return;
    const alert = page?.alerts.find((/** @type {Alert} */ { rule }) => rule === "displacement");
    if (alert) return show("answer-alert", link(`/alerts/${alert.alert_id}`, sentence("alert")));
    if (Date.now() > until) return page && show("answer-alert", sentence("no_alert"));
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Shows the parts, each in a line of its own. @param {string} id @param {...(string | Node)} parts */
function show(id, ...parts) {
  element(id).hidden = false;
  element(id).replaceChildren(...parts.flatMap((part, place) => (place ? [document.createElement("br"), part] : [part])));
}

/** @param {string} href @param {string} text */
function link(href, text) {
  return Object.assign(document.createElement("a"), { href, textContent: text });
}

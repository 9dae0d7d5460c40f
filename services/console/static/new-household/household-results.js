// Shows what followed from the report of a household: a link to its page, and probable duplicates.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element, make } from "/static/elements.js";
import { isShown } from "/static/entry/receipts.js";
import { sentence, words } from "/static/texts.js";

/**
 * @typedef {{household_id: string, duplicate_reasons: string[], found_members: Record<string, string | null>[],
 *   contact_name: string | null}} Duplicate
 */

export function clearResults() {
  element("answer-duplicates").replaceChildren();
  element("answer-duplicates").hidden = element("answer-household").hidden = true;
}

/**
 * @param {import("/static/new-household/household-reports.js").HouseholdReport} report
 * @param {import("/static/new-household/household-reports.js").Given} given
 */
export async function showResults({ id, household }, { members }) {
  const page = /** @type {HTMLAnchorElement} */ (element("answer-household"));
  page.href = `/registry/households/${household}`;
  page.hidden = false;
  // exact duplicates have a name or a personal number in common, so the report must list persons
  if (members.length) await showDuplicates(id, household);
}

/**
 * Shows probable duplicates. The security log records each read of names.
 * @param {string} id
 * @param {string} household
 */
async function showDuplicates(id, household) {
  const answer = await read(`/registry/v1/households/${household}/duplicates`);
  if (!answer || !isShown(id)) return;
  if (answer.status === 403) return showPurpose((await problem(answer)).body.type);
  if (!answer.ok) return;
  /** @type {Duplicate[]} */
  const duplicates = (await answer.json()).duplicates;
  if (!duplicates.length) return;
  show(
    "answer-duplicates",
    sentence("duplicates"),
    ...duplicates.map(({ household_id, duplicate_reasons, found_members, contact_name }) => {
      const names = found_members.map(
        ({ family_name, given_name }) => [family_name, given_name].filter(Boolean).join(" ") || sentence("nameless"),
      );
      const reasons = duplicate_reasons.map((reason) => words("duplicate_reasons")[reason] ?? reason);
      return link(
        `/registry/households/${household_id}`,
        `${names.join(", ") || contact_name || sentence("nameless")} (${reasons.join("; ")})`,
      );
    }),
  );
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

/** @param {string} id @param {...(string | Node)} parts */
function show(id, ...parts) {
  element(id).hidden = false;
  element(id).replaceChildren(...parts.flatMap((part, place) => (place ? [make("br"), part] : [part])));
}

/** @param {string} href @param {string} text */
function link(href, text) {
  return make("a", { href, textContent: text });
}

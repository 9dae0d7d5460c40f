// The newest report of a registered household, for its correction. The correction keeps the stored values of fields
// that the form does not have.

import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { corrected as correctedJourney, showJourney } from "/static/entry/known-journeys.js";
import { readVersions } from "/static/entry/known-reports.js";
import { readOrTell, tell } from "/static/entry/unread.js";
import { fill as fillMembers } from "/static/new-household/members.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {import("/static/entry/journeys.js").Journey} Journey
 * @typedef {import("/static/entry/known-reports.js").Known} Known
 */

/**
 * Returns the newest report that took effect, or undefined if it cannot be read. Another report may have the version
 * number too: a report by somebody else that was held or refused.
 * @param {string} id @returns {Promise<import("/static/entry/known-reports.js").Newest | undefined>}
 */
export async function readNewest(id) {
  const household = await readOrTell(`/registry/v1/households/${id}`);
  if (!household) return undefined;
  const versions = await readVersions("household", id);
  const newest = versions?.find(
    ({ outcome, known }) =>
      outcome === "recorded" && known.report_id === household.report_id && known.version === household.version,
  );
  if (versions && !newest) tell(sentence("absent"));
  return newest;
}

/** @param {Known} known @param {HTMLFormElement} form @param {Journey} journey */
export async function show(known, form, journey) {
  await showJourney(known, form, journey);
  input("intention").value = known.intention ?? "unknown";
  input("phone").value = known.phone ?? "";
  input("consent").checked = known.legal_basis === "consent";
  fillMembers(known.members ?? []);
  /** @type {HTMLDetailsElement} */ (element("list")).open = Boolean(known.members?.length);
}

/** @param {Known} known @param {Known} body @returns {Known} */
export function corrected(known, body) {
  // the form offers only consent, so it keeps another known legal basis
  const isOther = body.legal_basis === "unknown" && known.legal_basis && known.legal_basis !== "consent";
  return {
    ...correctedJourney(known, body, ["members", "phone", "legal_basis", "intention"]),
    legal_basis: isOther ? known.legal_basis : body.legal_basis,
  };
}

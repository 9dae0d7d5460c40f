// Turns the form into reports for intake: a household, or a correction.

import { placeOf } from "/static/entry/fields.js";
import { VersionedReport } from "/static/entry/versioned-reports.js";
import { corrected } from "/static/new-household/known-households.js";
import { uuid } from "/static/uuid.js";

/**
 * @typedef {import("/static/entry/journeys.js").StatedPlace} StatedPlace
 * @typedef {import("/static/entry/people.js").SexAgeCount} SexAgeCount
 * @typedef {{reasons: string[], reason_text?: string}} StatedReasons
 * @typedef {{persons: number, phone: string, origin: StatedPlace, destination: StatedPlace, shelter: string,
 *   left: Date, precision: string, hazard: string, event: import("/static/event-question.js").Answer,
 *   reasons: StatedReasons, mobility: string, evacuation: string, counts: SexAgeCount[], needs: string[],
 *   intention: string, members: import("/static/new-household/members.js").Member[], notes: string, isUrgent: boolean,
 *   hasConsent: boolean}} Given the values of the form
 */

export class HouseholdReport extends VersionedReport {
  /**
   * @param {string} status
   * @param {import("/static/entry/known-reports.js").Known} [known]
   */
  constructor(status, known) {
    super(known);
    this.known = known;
    this.status = known?.status ?? status;
    this.household = known?.household_id ?? uuid();
  }

  /** @param {Given} given */
  body(given) {
    const body = this.stated(given);
    return this.known ? corrected(this.known, body) : body;
  }

  /** @param {Given} given */
  stated(given) {
    return {
      kind: "household",
      report_id: this.id,
      household_id: this.household,
      version: this.version,
      status: this.status,
      persons: given.persons,
      ...(given.members.length && { members: given.members }),
      ...(given.counts.length && { sex_age: given.counts }),
      ...place("origin", given.origin),
      ...place("destination", given.destination),
      shelter: given.shelter,
      occurred_at: given.left.toISOString(),
      occurred_at_precision: given.precision,
      reported_at: this.reportedAt,
      ...(given.hazard && { hazard_type: given.hazard }),
      ...given.event,
      ...given.reasons,
      mobility: given.mobility,
      ...(given.mobility === "evacuation" && given.evacuation && { evacuation: given.evacuation }),
      ...(given.needs.length && { needs: given.needs }),
      ...(given.intention !== "unknown" && { intention: given.intention }),
      ...(given.isUrgent && { is_urgent: true }),
      ...(given.phone && { phone: given.phone }),
      ...(given.notes && { notes: given.notes }),
      legal_basis: given.hasConsent ? "consent" : "unknown",
    };
  }
}

/**
 * Returns the fields of a place. For a chosen site, the report has the site's name and no village.
 * @param {"origin" | "destination"} name
 * @param {StatedPlace} place
 */
function place(name, { pcode, locality, settlement, site }) {
  const stated = {
    ...(locality && { [`${name}_locality`]: locality }),
    ...(settlement && { [`${name}_locality_pcode`]: settlement }),
  };
  return { [name]: placeOf(pcode), ...(site ? { site_id: site } : stated) };
}

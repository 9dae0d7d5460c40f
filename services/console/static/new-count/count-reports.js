// Turns the form into reports for intake: a count of a group, or a correction.

import { placeOf } from "/static/entry/fields.js";
import { VersionedReport } from "/static/entry/versioned-reports.js";
import { corrected } from "/static/new-count/known-counts.js";
import { uuid } from "/static/uuid.js";

/**
 * @typedef {{reasons: string[], reason_text?: string}} StatedReasons
 * @typedef {{persons: number, quantifier: string, households: number | null, unit: string, isEstimated: boolean,
 *   origin: StatedPlace, destination: StatedPlace, shelter: string, counted: Date, countedPrecision: string,
 *   left: Date, precision: string, isFullRecount: boolean, isUrgent: boolean,
 *   counts: import("/static/entry/people.js").SexAgeCount[], needs: string[], hazard: string,
 *   event: import("/static/event-question.js").Answer, reasons: StatedReasons, mobility: string, evacuation: string,
 *   notes: string}} Given the values of the form
 * @typedef {import("/static/entry/journeys.js").StatedPlace} StatedPlace
 */

export class CountReport extends VersionedReport {
  /**
   * @param {string} status
   * @param {import("/static/entry/known-reports.js").Known} [known]
   */
  constructor(status, known) {
    super(known);
    this.known = known;
    this.status = known?.status ?? status;
    this.group = known?.group_id ?? uuid();
  }

  /** @param {Given} given */
  body(given) {
    const body = this.stated(given);
    return this.known ? corrected(this.known, body) : body;
  }

  /** @param {Given} given */
  stated(given) {
    return {
      kind: "group",
      report_id: this.id,
      group_id: this.group,
      version: this.version,
      status: this.status,
      measure: "stock",
      persons: given.persons,
      quantifier: given.quantifier,
      ...(given.isEstimated && { persons_estimated: true }),
      ...(given.households !== null && { households: given.households, household_unit: given.unit }),
      ...place("origin", given.origin),
      ...place("destination", given.destination),
      shelter: given.shelter,
      counted_at: given.counted.toISOString(),
      counted_at_precision: given.countedPrecision,
      is_full_recount: given.isFullRecount,
      occurred_at: given.left.toISOString(),
      occurred_at_precision: given.precision,
      reported_at: this.reportedAt,
      ...(given.isUrgent && { is_urgent: true }),
      ...(given.counts.length && { sex_age: given.counts }),
      ...(given.needs.length && { needs: given.needs }),
      ...(given.hazard && { hazard_type: given.hazard }),
      ...given.event,
      ...given.reasons,
      mobility: given.mobility,
      ...(given.mobility === "evacuation" && given.evacuation && { evacuation: given.evacuation }),
      ...(given.notes && { notes: given.notes }),
    };
  }
}

/** @param {"origin" | "destination"} name @param {StatedPlace} place */
function place(name, { pcode, locality, settlement, site }) {
  return {
    [name]: placeOf(pcode),
    ...(locality && { [`${name}_locality`]: locality }),
    ...(settlement && { [`${name}_locality_pcode`]: settlement }),
    ...(site && { site_id: site }),
  };
}

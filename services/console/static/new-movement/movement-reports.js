// Turns the form into reports for intake: a movement of a household, group or site, or a correction.

import { placeOf } from "/static/entry/fields.js";
import { sameTime } from "/static/entry/known-fields.js";
import { VersionedReport } from "/static/entry/versioned-reports.js";

/** @typedef {import("/static/entry/known-reports.js").Known} Known */
/**
 * @typedef {{movement: string, moved: Date, precision: string, destination: string, site: string, locality: string,
 *   settlement: string, shelter: string, members: string[], persons: number | null, notes: string}} Given the values of
 *   the form; `destination` is a P-code or a country's code
 */

export class MovementReport extends VersionedReport {
  /**
   * @param {{status: string, kind: string, subject: string}} about
   * @param {Known} [known]
   */
  constructor(about, known) {
    super(known);
    this.about = { ...about, status: known?.status ?? about.status };
    this.known = known;
  }

  /** @param {Given} given */
  body(given) {
    const body = this.stated(given);
    return this.known ? { ...body, ...samePoint(this.known, body), ...sameTime(this.known, body) } : body;
  }

  /** Returns a new version that takes the movement back: it never happened. */
  reversal() {
    const { kind, subject } = this.about,
      { household_code: _, ...known } = this.known ?? {}; // the report has the id, not the short code
    return {
      ...known,
      kind: `${kind}_movement`,
      [`${kind}_id`]: subject,
      version: this.version,
      reported_at: this.reportedAt,
      is_reversed: true,
    };
  }

  /** @param {Given} given @returns {Known} */
  stated(given) {
    const { kind, subject, status } = this.about;
    return {
      kind: `${kind}_movement`,
      report_id: this.id,
      [`${kind}_id`]: subject,
      version: this.version,
      status,
      movement: given.movement,
      occurred_at: given.moved.toISOString(),
      occurred_at_precision: given.precision,
      reported_at: this.reportedAt,
      ...(given.destination && { destination: placeOf(given.destination) }),
      ...(given.site && { destination_site_id: given.site }),
      ...(given.locality && !given.site && { destination_locality: given.locality }),
      ...(given.settlement && { destination_locality_pcode: given.settlement }),
      ...(given.shelter !== "unknown" && { shelter: given.shelter }),
      ...(given.members.length && { member_ids: given.members }),
      ...(given.persons !== null && { persons: given.persons }),
      ...(given.notes && { notes: given.notes }),
    };
  }
}

const PLACE = ["movement", "destination", "destination_site_id", "destination_locality"];

/**
 * Keeps the stored point and code of the destination, which the form does not have, if the destination is unchanged.
 * @param {Known} known
 * @param {Known} body
 */
function samePoint(known, body) {
  const code = "destination_locality_pcode",
    isNamesake = known[code] && body[code] && known[code] !== body[code];
  const isSame = !isNamesake && PLACE.every((name) => JSON.stringify(known[name]) === JSON.stringify(body[name]));
  return isSame
    ? Object.fromEntries(
        ["destination_point", "destination_locality_pcode"]
          .filter((name) => known[name])
          .map((name) => [name, known[name]]),
      )
    : {};
}

// Turns the form into reports for intake: the first report, a correction, a cancellation or a withdrawal.

import { line } from "/static/entry/fields.js";
import { VersionedReport } from "/static/entry/versioned-reports.js";
import { writtenPoint } from "/static/new-event/points.js";
import { uuid } from "/static/uuid.js";

/** @typedef {import("/static/new-event/points.js").Point} Point */
/**
 * @typedef {{headline: string, description?: string | null}} EventText
 * @typedef {{hazard_id: string, source_id: string, revision: number, scope: string, type: string,
 *   type_text: string | null, severity: string, certainty: string, pcodes: string[], locality: string | null,
 *   locality_pcode: string | null, point: Point | null, onset: string, expires: string | null,
 *   text: Record<string, EventText>, words: string}} Known the stored event, for its correction
 * @typedef {{type: string, pcode: string, locality: string, settlement?: string, point?: Point, severity: string,
 *   certainty: string, onset: Date, known: string}} Given the values of the form
 */

const SOON_MS = 3_600_000; // CAP: an onset within the next hour is Expected, a later onset is Future

export class EventReport extends VersionedReport {
  /** @param {{source: string, account: string, status: string}} about @param {Known | null} known */
  constructor(about, known) {
    super();
    this.about = about;
    this.known = known;
  }

  get isFirst() {
    return this.version === 1 && !this.known;
  }

  /** @param {Given} given @param {"Alert" | "Update" | "Cancel"} kind */
  body(given, kind = this.isFirst ? "Alert" : "Update") {
    return {
      report_id: this.id,
      ...(this.version > 1 && { version: this.version }),
      ...(this.known && { revision: this.revision, scope: this.known.scope }),
      ...(kind !== "Alert" && { msg_type: kind }),
      status: this.about.status,
      source: this.about.source,
      source_id: this.known?.source_id ?? `${this.about.account}/${this.id}`,
      type: given.type,
      ...(given.type === "other" && typeText(given.known, this.known)),
      urgency: urgency(given.onset),
      severity: given.severity || "Unknown",
      certainty: given.certainty,
      area: {
        pcodes: this.pcodes(given),
        ...(given.point && { point: given.point }),
        ...(given.locality && { description: given.locality }),
      },
      ...(given.locality && given.settlement && { locality_pcode: given.settlement }),
      onset: given.onset.toISOString(),
      ...(this.known?.expires && { expires: this.known.expires }),
      reported_at: this.reportedAt,
      ...this.text(given.known),
    };
  }

  /** @returns {number} */
  get revision() {
    return (this.known?.revision ?? 0) + this.version;
  }

  /**
   * Returns the places. If the chosen place is a known place of the event, returns all known places. After a change of
   * the point, returns only the chosen place: intake may have added a known place for the former point.
   * @param {Given} given
   */
  pcodes({ pcode, point }) {
    const isSamePoint = writtenPoint(point) === writtenPoint(this.known?.point);
    return isSamePoint && this.known?.pcodes.includes(pcode) ? this.known.pcodes : [pcode];
  }

  /** @param {string} words */
  text(words) {
    const others = this.known && words === this.known.words ? this.known.text : {};
    if (Object.keys(others).length) return { text: others };
    return words && { text: { [document.documentElement.lang]: { headline: line(words), description: words } } };
  }
}

/** Withdraws the public version. The content has only fields that were public. */
export class WithdrawalReport {
  /** @param {object} content @param {EventReport} cancelled */
  constructor(content, cancelled) {
    this.content = content;
    this.cancelled = cancelled;
    this.id = uuid();
    this.version = 1;
    this.reportedAt = new Date().toISOString();
  }

  body() {
    const { about, known, revision } = this.cancelled;
    return {
      report_id: this.id,
      ...(this.version > 1 && { version: this.version }),
      revision: revision + this.version,
      released_revision: revision,
      scope: "Public",
      msg_type: "Cancel",
      status: about.status,
      source: about.source,
      source_id: known?.source_id,
      reported_at: this.reportedAt,
      ...this.content,
    };
  }
}

/** @param {Date} onset */
function urgency(onset) {
  const ahead = onset.getTime() - Date.now();
  if (ahead <= AHEAD_MS) return "Immediate";
  return ahead <= SOON_MS ? "Expected" : "Future";
}

/** A later onset is a forecast or a typing error, so the operator must confirm it. */
export const AHEAD_MS = 15 * 60_000;

/** @param {string} words @param {Known | null} known */
function typeText(words, known) {
  const text = words || (known?.type_text ?? "");
  return text && { type_text: line(text) };
}

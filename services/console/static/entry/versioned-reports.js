// The parts that all reports of the desk's forms have: id, version and time.

import { uuid } from "/static/uuid.js";

/** The id stays the same until intake accepts the report, so that sending the report twice makes only one report. */
export class VersionedReport {
  /** @param {{report_id?: string, version?: number}} [known] */
  constructor(known) {
    this.id = known?.report_id ?? uuid();
    this.seen = known?.version ?? 0; // the author has seen other people's versions up to this number
    this.version = this.seen + 1;
    this.sentAt = "";
  }

  /** Prepares a correction of the sent report: the next version, which replaces the earlier version. */
  again() {
    this.version += 1;
    this.sentAt = "";
  }

  /** Takes the next number after somebody else's version. @param {number} version */
  follow(version) {
    this.version = Math.max(this.version, version + 1);
    this.sentAt = "";
  }

  get reportedAt() {
    return (this.sentAt ||= new Date().toISOString());
  }
}

// The id, version and time that every report of a form for telephone reports has.

import { uuid } from "/static/uuid.js";

/**
 * A report and its corrections. The id stays until intake accepts the report, so that sending it twice does not make
 * two reports.
 */
export class VersionedReport {
  /** @param {{report_id?: string, version?: number}} [known] the report that is corrected */
  constructor(known) {
    this.id = known?.report_id ?? uuid();
    this.seen = known?.version ?? 0; // the newest version by somebody else that the author of this report has seen
    this.version = this.seen + 1;
    this.sentAt = "";
  }

  /** Prepares a correction of the sent report. The correction is the next version and replaces the earlier one. */
  again() {
    this.version += 1;
    this.sentAt = "";
  }

  /** Gives this version the number that follows a version of somebody else. @param {number} version */
  follow(version) {
    this.version = Math.max(this.version, version + 1);
    this.sentAt = "";
  }

  /** The time of the first attempt to send this version. */
  get reportedAt() {
    return (this.sentAt ||= new Date().toISOString());
  }
}

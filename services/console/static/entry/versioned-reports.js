// The id, version and time that every report of a form for telephone reports has.

import { uuid } from "/static/uuid.js";

/** The id stays until intake accepts the report, so that sending it twice does not make two reports. */
export class VersionedReport {
  /** @param {{report_id?: string, version?: number}} [known] */
  constructor(known) {
    this.id = known?.report_id ?? uuid();
    this.seen = known?.version ?? 0; // the newest version by somebody else that the author has seen
    this.version = this.seen + 1;
    this.sentAt = "";
  }

  /** The correction is the next version of the sent report, and replaces the earlier version. */
  again() {
    this.version += 1;
    this.sentAt = "";
  }

  /** After a version by somebody else, the next number follows that version. @param {number} version */
  follow(version) {
    this.version = Math.max(this.version, version + 1);
    this.sentAt = "";
  }

  get reportedAt() {
    return (this.sentAt ||= new Date().toISOString());
  }
}

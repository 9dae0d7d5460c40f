// Reads all versions of stored reports, for corrections.

import { readOrTell } from "/static/entry/unread.js";

/**
 * @typedef {Record<string, any>} Known a whole report
 * @typedef {{known: Known, author: string, outcome: string}} Newest the newest version of a report
 */

/**
 * Returns all versions of the reports with their outcomes, or undefined if they cannot be read.
 * @param {string} kind @param {string} id @returns {Promise<Newest[] | undefined>}
 */
export async function readVersions(kind, id) {
  const history = await readOrTell(`/registry/v1/${kind}s/${id}/history`);
  return history?.versions.map((/** @type {Known} */ { report_id, version, status, outcome, author, report }) => ({
    outcome,
    author,
    known: { version, status, ...report, report_id },
  }));
}

export const EFFECTIVE = ["recorded", "noted"];

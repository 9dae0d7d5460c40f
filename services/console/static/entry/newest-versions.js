// Reads the version of a report that the form will correct.

import { EFFECTIVE, readVersions } from "/static/entry/known-reports.js";
import { tell } from "/static/entry/unread.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/entry/known-reports.js").Newest} Newest */

/**
 * Returns the newest version that took effect, or else the newest version. `highest` is the highest version number,
 * even if somebody else's version with this number is held. If the report cannot be read, tells the person and returns
 * undefined.
 * @param {{kind: string, subject: string}} about @param {string} id
 * @returns {Promise<Newest & {highest: number} | undefined>}
 */
export async function readReport({ kind, subject }, id) {
  const read = await readVersions(kind, subject),
    versions = read?.filter(({ known }) => known.report_id === id).sort((a, b) => a.known.version - b.known.version);
  const newest = versions?.filter(({ outcome }) => EFFECTIVE.includes(outcome)).at(-1) ?? versions?.at(-1);
  if (versions && !newest) tell(sentence("unknown_report"));
  return newest && { ...newest, highest: Number(versions?.at(-1)?.known.version) };
}

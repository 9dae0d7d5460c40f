// Reads the version of a single report that is to be corrected.

import { EFFECTIVE, readVersions } from "/static/entry/known-reports.js";
import { tell } from "/static/entry/unread.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/entry/known-reports.js").Newest} Newest */

/**
 * Returns the newest version that took effect or, if none took effect, the newest version. `highest` is the highest
 * version number, also of held versions by somebody else. If the report cannot be shown, the
 * page says so, and the result is undefined.
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

// The short code of a report, which people use on the registry's pages and in its search.

const CHARACTERS = 4;

/** @param {{report_id: string}} report */
export function codeOf({ report_id }) {
  return report_id.slice(-CHARACTERS).toUpperCase();
}

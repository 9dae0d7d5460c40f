// The code by which people name a report. The registry's pages show the same code, and its search finds the code.

const CHARACTERS = 4;

/** @param {{report_id: string}} report */
export function codeOf({ report_id }) {
  return report_id.slice(-CHARACTERS).toUpperCase();
}

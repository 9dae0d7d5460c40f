// Explains the state of a report to its author.

import { words } from "/static/texts.js";

/**
 * Undefined if there is nothing to explain.
 * @param {{state: string, reason: string | null}} receipt
 * @returns {string | undefined}
 */
export function explanationOf({ state, reason }) {
  return words(state === "refused" ? "refusals" : "advice")[reason ?? ""] ?? words("usual")[state];
}

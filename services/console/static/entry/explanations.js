// Explains the state of a report to its author.

import { words } from "/static/texts.js";

/**
 * Returns the explanation, or undefined for a state that needs none.
 * @param {{state: string, reason: string | null}} receipt
 * @returns {string | undefined}
 */
export function explanationOf({ state, reason }) {
  return words(state === "refused" ? "refusals" : "advice")[reason ?? ""] ?? words("usual")[state];
}

// The words for what a service expects in a field, in the reader's language.

import { words } from "./texts.js";

/** @typedef {{pointer: string, expected?: string}} Wrong a field that a service did not accept */

/**
 * Returns an empty text if this version of Dayar has no words for the expectation.
 * @param {Wrong | undefined} wrong
 */
export function expectation(wrong) {
  const expected = wrong?.expected ?? "",
    [first, second] = expected.match(/-?\d+(?:\.\d+)?/g) ?? [];
  const known = Object.entries(words("expectations")).find(([beginning]) => expected.startsWith(beginning))?.[1];
  if (known) return known.replace("{first}", first ?? "").replace("{second}", second ?? "");
  return document.documentElement.lang === "en" ? expected : "";
}

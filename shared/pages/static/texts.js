// The page's texts in the reader's language: one JSON island, of the layout's texts and the page's own.

const island = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** What a refusal means, by the type of its problem. @type {Record<string, string>} */
export const problems = island.problems ?? {};

/** Today and the next days in words, by date. @type {Record<string, string>} */
export const days = island.days ?? {};

/** A text with its values, `{name}` in the text. @param {string} name @param {Record<string, string | number>} [values] */
export function sentence(name, values = {}) {
  if (island[name] === undefined) throw new Error(`no text "${name}"`);
  return island[name].replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ key) => String(values[key] ?? "–"));
}

// The texts for scripts, in the reader's language. A JSON element in the page has the texts of the layout and of the
// page.

const island = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** The meaning of each refusal, by the type of its problem. @type {Record<string, string>} */
export const problems = island.problems ?? {};

/** Today and the next days in words, by date. @type {Record<string, string>} */
export const days = island.days ?? {};

/** A text with a value for each `{name}`. @param {string} name @param {Record<string, string | number>} [values] */
export function sentence(name, values = {}) {
  if (island[name] === undefined) throw new Error(`no text "${name}"`);
  return island[name].replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ key) =>
    String(values[key] ?? "–"),
  );
}

/** The names of codes, by code. @param {string} name @returns {Record<string, string>} */
export function words(name) {
  return island[name];
}

// The texts for scripts, in the reader's language, from a JSON element of the page.

const island = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** The texts of problems, by type. @type {Record<string, string>} */
export const problems = island.problems ?? {};

/** The words for today and the next days, by date. @type {Record<string, string>} */
export const days = island.days ?? {};

/** @param {string} name @param {Record<string, string | number>} [values] */
export function sentence(name, values = {}) {
  if (island[name] === undefined) throw new Error(`no text "${name}"`);
  return island[name].replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ key) =>
    String(values[key] ?? "–"),
  );
}

/** @param {string} name @returns {Record<string, string>} */
export function words(name) {
  return island[name];
}

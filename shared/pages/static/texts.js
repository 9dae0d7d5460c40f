// The page's texts in the reader's language: one JSON island, of the layout's texts and the page's own.

/** @type {Record<string, string>} */
const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** A text with its values, `{name}` in the text. @param {string} name @param {Record<string, string | number>} [values] */
export function sentence(name, values = {}) {
  if (texts[name] === undefined) throw new Error(`no text "${name}"`);
  return texts[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? "–"));
}

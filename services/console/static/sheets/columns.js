// The columns of a sheet. A person chooses the content of each column.

import { element, make } from "/static/elements.js";

const LETTERS = 26;

/**
 * @param {{label: string, column: string}[]} columns
 * @param {Record<string, string>} names
 */
export function drawColumns(columns, names) {
  element("columns").replaceChildren(
    ...columns.map(({ label, column }, place) => {
      const id = `column-${place}`,
        select = make("select", { id });
      for (const [value, name] of Object.entries(names)) select.add(new Option(name, value));
      select.value = column;
      return make("div", { className: "field" }, make("label", { htmlFor: id }, nameOf(label, place)), select);
    }),
  );
}

export function columnSelects() {
  return /** @type {HTMLSelectElement[]} */ ([...element("columns").querySelectorAll("select")]);
}

export function chosenColumns() {
  return columnSelects()
    .map((select) => select.value)
    .join(",");
}

/** @param {string} label @param {number} place */
export function nameOf(label, place) {
  const letter = (/** @type {number} */ digit) => String.fromCharCode(65 + digit);
  const letters = place < LETTERS ? letter(place) : letter(Math.floor(place / LETTERS) - 1) + letter(place % LETTERS);
  return label ? `${letters} · ${label}` : letters;
}

/** @param {Response} answer @param {string} name */
export async function save(answer, name) {
  const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}

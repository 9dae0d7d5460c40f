// Rows and cells of the console's tables.

import { make } from "/static/elements.js";
import { dayAndExactClock } from "/static/time.js";

const language = document.documentElement.lang === "en" ? "en" : "ru";
export const number = new Intl.NumberFormat(language);

/** @param {string | null} instant */
export function moment(instant) {
  return instant ? dayAndExactClock(new Date(instant)) : "—";
}

/** @param {HTMLTableCellElement[]} cells */
export function row(cells) {
  return make("tr", {}, ...cells);
}

/**
 * Gives each cell the name of its column, because tables have no head on narrow screens. `table` is an id.
 * @param {HTMLTableRowElement} row
 * @param {string} table
 */
export function labelled(row, table) {
  for (const [place, column] of [...document.querySelectorAll(`#${table} thead th`)].entries()) {
    if (column.textContent) row.cells[place].dataset.label = column.textContent;
  }
  return row;
}

/** @param {...(string | Node)} content */
export function cell(...content) {
  return make("td", {}, ...content);
}

/** @param {string | Node} content */
export function head(content) {
  return make("th", { scope: "row" }, content);
}

/** @param {number | null} value */
export function figure(value) {
  const drawn = cell(value === null ? "?" : number.format(value));
  drawn.className = "number";
  return drawn;
}

/** @param {string} text */
export function strong(text) {
  return make("strong", { textContent: text });
}

/** @param {string} text */
export function code(text) {
  return make("code", { textContent: text });
}

/** @param {string} text @param {string} [className] */
export function small(text, className = "") {
  return make("small", { className, textContent: text });
}

/**
 * @param {HTMLButtonElement} made
 * @param {string} about
 */
export function named(made, about) {
  made.ariaLabel = `${made.textContent}: ${about}`;
  return made;
}

// Rows and cells of the console's tables, and what stands in the cells.

import { dayAndExactClock } from "/static/time.js";

const language = document.documentElement.lang === "en" ? "en" : "ru";
export const number = new Intl.NumberFormat(language);

/** @param {string | null} instant */
export function moment(instant) {
  return instant ? dayAndExactClock(new Date(instant)) : "—";
}

/** @param {HTMLTableCellElement[]} cells */
export function row(cells) {
  const drawn = document.createElement("tr");
  drawn.append(...cells);
  return drawn;
}

/** Names each cell as its column, for narrow screens, where the table has no head. @param {HTMLTableRowElement} row @param {string} table its id */
export function labelled(row, table) {
  for (const [place, column] of [...document.querySelectorAll(`#${table} thead th`)].entries()) {
    if (column.textContent) row.cells[place].dataset.label = column.textContent;
  }
  return row;
}

/** @param {...(string | Node)} content */
export function cell(...content) {
  const drawn = document.createElement("td");
  drawn.append(...content);
  return drawn;
}

/** @param {string | Node} content */
export function head(content) {
  const drawn = document.createElement("th");
  drawn.scope = "row";
  drawn.append(content);
  return drawn;
}

/** @param {number | null} value */
export function figure(value) {
  const drawn = cell(value === null ? "?" : number.format(value));
  drawn.className = "number";
  return drawn;
}

/** @param {string} text */
export function strong(text) {
  const drawn = document.createElement("strong");
  drawn.textContent = text;
  return drawn;
}

/** @param {string} text */
export function code(text) {
  const drawn = document.createElement("code");
  drawn.textContent = text;
  return drawn;
}

/** @param {string} text @param {string} [className] */
export function small(text, className = "") {
  const drawn = document.createElement("small");
  drawn.className = className;
  drawn.textContent = text;
  return drawn;
}

/** A button whose name for screen readers says what it is about. @param {HTMLButtonElement} made @param {string} about */
export function named(made, about) {
  made.ariaLabel = `${made.textContent}: ${about}`;
  return made;
}

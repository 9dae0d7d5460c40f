// Draws the rows of a list again, and keeps the focus in its row. People answer the rows one after the other.

const CONTROLS = "a, button, input, select";

/**
 * @param {HTMLElement} list
 * @param {HTMLTableRowElement[]} rows
 */
export function redraw(list, rows) {
  const focused = document.activeElement,
    row = list.contains(focused) ? focused?.closest("tr") : undefined;
  const key = row?.dataset.key,
    place = row && focused ? controls(row).indexOf(focused) : -1;
  list.replaceChildren(...rows);
  const same = key && rows.find((drawn) => drawn.dataset.key === key);
  if (same) /** @type {HTMLElement | undefined} */ (controls(same)[place])?.focus();
}

/** @param {string} key @param {HTMLTableRowElement} row */
export function keyed(key, row) {
  row.dataset.key = key;
  return row;
}

/** @param {Element} row */
function controls(row) {
  return [...row.querySelectorAll(CONTROLS)];
}

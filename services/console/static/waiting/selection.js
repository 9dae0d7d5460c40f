// A checkbox for each row of a list, and one for all rows.

import { make } from "/static/elements.js";

/**
 * `list` is the id of the list's body. `show` is called after each change of the selection.
 * @param {string} list
 * @param {(count: number, all: boolean) => void} show
 */
export function selection(list, show) {
  /** @type {Set<string>} */
  const chosen = new Set();
  const every = `#${list} [data-select]`;
  const common = `${every}:not([data-apart])`; // "select all" skips rows that a person must choose one by one
  const boxes = (/** @type {string} */ selector) =>
    /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(selector)]);
  const shown = () => show(chosen.size, boxes(common).length > 0 && chosen.size >= boxes(common).length);

  /** @param {string} id @param {boolean} isChosen */
  function choose(id, isChosen) {
    if (isChosen) chosen.add(id);
    else chosen.delete(id);
  }

  return {
    chosen,
    shown,
    /**
     * @param {string} id
     * @param {string} label
     * @param {boolean} isApart true if "select all" skips the row
     */
    checkbox(id, label, isApart = false) {
      const box = make("input", { type: "checkbox", checked: chosen.has(id), ariaLabel: label });
      box.dataset.select = id;
      if (isApart) box.dataset.apart = "";
      box.addEventListener("change", () => {
        choose(id, box.checked);
        shown();
      });
      return box;
    },
    /** @param {string[]} listed */
    keep(listed) {
      for (const id of chosen) if (!listed.includes(id)) chosen.delete(id);
    },
    /** Selects or deselects all rows, except rows that a person must choose one by one. @param {boolean} isChosen */
    all(isChosen) {
      for (const box of boxes(isChosen ? common : every)) {
        box.checked = isChosen;
        choose(box.dataset.select ?? "", isChosen);
      }
      shown();
    },
  };
}

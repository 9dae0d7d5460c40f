// The selection of rows of one list: a checkbox for each row, and one for all rows.

/** @param {string} list the id of the list's body @param {(count: number, all: boolean) => void} show called after each change */
export function selection(list, show) {
  /** @type {Set<string>} */
  const chosen = new Set();
  const every = `#${list} [data-select]`;
  const toDecide = `${every}:not([data-waits])`; // "select all" leaves out rows that wait for another row
  const boxes = (/** @type {string} */ selector) => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(selector)]);
  const shown = () => show(chosen.size, boxes(toDecide).length > 0 && chosen.size >= boxes(toDecide).length);

  /** @param {string} id @param {boolean} isChosen */
  function choose(id, isChosen) {
    if (isChosen) chosen.add(id);
    else chosen.delete(id);
  }

  return {
    chosen,
    shown,
    /** The checkbox of a row. @param {string} id @param {string} label @param {boolean} waits whether the row waits for another row */
    checkbox(id, label, waits = false) {
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", checked: chosen.has(id), ariaLabel: label });
      box.dataset.select = id;
      if (waits) box.dataset.waits = "";
      box.addEventListener("change", () => { choose(id, box.checked); shown(); });
      return box;
    },
    /** Forgets the rows that are no longer listed. @param {string[]} listed */
    keep(listed) {
      for (const id of chosen) if (!listed.includes(id)) chosen.delete(id);
    },
    /** Selects all rows that need a decision, or none. @param {boolean} isChosen */
    all(isChosen) {
      for (const box of boxes(isChosen ? toDecide : every)) {
        box.checked = isChosen;
        choose(box.dataset.select ?? "", isChosen);
      }
      shown();
    },
  };
}

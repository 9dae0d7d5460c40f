// The selection of rows of one list: a checkbox for each row, and one for all rows.

/** @param {string} list the id of the list's body @param {(count: number, all: boolean) => void} show called after each change */
export function selection(list, show) {
  /** @type {Set<string>} */
  const chosen = new Set();
  const boxes = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(`#${list} [data-select]`)]);
  const shown = () => show(chosen.size, boxes().length > 0 && chosen.size >= boxes().length);

  /** @param {string} id @param {boolean} isChosen */
  function choose(id, isChosen) {
    if (isChosen) chosen.add(id);
    else chosen.delete(id);
  }

  return {
    chosen,
    shown,
    /** The checkbox of a row. @param {string} id @param {string} label */
    checkbox(id, label) {
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", checked: chosen.has(id), ariaLabel: label });
      box.dataset.select = id;
      box.addEventListener("change", () => { choose(id, box.checked); shown(); });
      return box;
    },
    /** Forgets the rows that are no longer listed. @param {string[]} listed */
    keep(listed) {
      for (const id of chosen) if (!listed.includes(id)) chosen.delete(id);
    },
    /** @param {boolean} isChosen */
    all(isChosen) {
      for (const box of boxes()) {
        box.checked = isChosen;
        choose(box.dataset.select ?? "", isChosen);
      }
      shown();
    },
  };
}

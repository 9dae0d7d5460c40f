// Divides the rows of a wall screen into pages, and chooses the next page.

/**
 * Returns the page of each row, from 0. A row higher than the screen has its own page.
 * @param {number[]} heights
 * @param {number} room
 */
export function pagesOf(heights, room) {
  let [page, used] = [0, 0];
  return heights.map((height) => {
    if (used > 0 && used + height > room) [page, used] = [page + 1, 0];
    used += height;
    return page;
  });
}

export class Paging {
  constructor() {
    this.page = 0;
    /** @type {number[]} */
    this.pages = [];
    /** @type {HTMLElement[]} */
    this.rows = [];
    /** @type {Set<string>} */
    this.known = new Set();
  }

  get count() {
    return (this.pages.at(-1) ?? 0) + 1;
  }

  /**
   * Divides the rows into pages. The page with a new row is shown next.
   * @param {HTMLElement[]} rows
   * @param {number} room
   */
  divide(rows, room) {
    for (const row of rows) row.hidden = false;
    this.rows = rows;
    this.pages = pagesOf(
      rows.map((row) => row.getBoundingClientRect().height),
      room,
    );
    const fresh = rows.findIndex((row) => !this.known.has(row.dataset.key ?? ""));
    if (this.known.size && fresh >= 0) this.page = this.pages[fresh];
    this.known = new Set(rows.map((row) => row.dataset.key ?? ""));
    this.show(Math.min(this.page, this.count - 1));
  }

  turn() {
    this.show((this.page + 1) % this.count);
  }

  /** @param {number} page */
  show(page) {
    this.page = page;
    this.rows.forEach((row, place) => {
      row.hidden = this.pages[place] !== page;
    });
  }
}

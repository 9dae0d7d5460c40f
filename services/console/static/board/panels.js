// Redraws a panel of the board when its data has changed.

import { call } from "/static/calls.js";
import { element, make } from "/static/elements.js";
import { ended } from "/static/link.js";
import { released, rested } from "/static/pressing.js";
import { contains, stand } from "/static/board/listening.js";

// After drawing one of these lists, the page pauses for half of the drawing's time, within the limits below. The server
// and the browser can work on other things in the pause. The server's wait for its worker does not count. The pause of
// other panels is longer.
const LISTS = ["alerts", "hazards", "wall"];
const [LEAST_QUIET_MS, MOST_QUIET_MS, OTHERS_QUIET_MS] = [20, 400, 800];
const ARRIVED_MS = 2400;
const AGAIN_MS = 1500; // a panel is rendered again after this time, if it failed or is behind the stream
const MORE = 200;
const MOST_NAMED = 300; // rows named in one request, because a URL has a limited length

/** @type {Map<string, Drawing>} */
const drawings = new Map();
/** @type {Map<string, (fresh: HTMLElement) => void>} */
const showing = new Map();

/**
 * Sets the function that shows the panel's new rendering. Without a function, the rendering replaces the panel.
 * @param {string} name
 * @param {(fresh: HTMLElement) => void} show
 */
export function showBy(name, show) {
  showing.set(name, show);
}

/**
 * Returns the longest time between a change and its display in a panel. A change that is not displayed counts up to
 * now.
 */
export function behindMs() {
  const now = performance.now();
  return Math.max(
    0,
    ...[...drawings.values()].map(({ shownAfterMs, since }) => Math.max(shownAfterMs, now - (since ?? now))),
  );
}

/** Returns for each panel how long the oldest change has waited, and how old the shown data are. */
export function waits() {
  const now = performance.now();
  return [...drawings.values()].map(({ name, since, stateAt }) => ({
    name,
    waitedMs: now - (since ?? now),
    ageMs: now - stateAt,
  }));
}

/** @param {string} name */
export function draw(name) {
  void drawing(name).draw();
}

/** Draws the panel with all records that the page has heard of. @param {string} name */
export function drawHeard(name) {
  void drawing(name).draw(stand());
}

/** @param {string} name */
export function showMore(name) {
  drawing(name).most += MORE;
  draw(name);
}

/** @param {string} name */
function drawing(name) {
  const known = drawings.get(name) ?? new Drawing(name);
  drawings.set(name, known);
  return known;
}

class Drawing {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.most = 100;
    this.isDue = false;
    this.isBusy = false;
    this.isAsked = false; // a rendering is due even without new records
    this.position = ""; // the panel must show the records before this position
    /** @type {Map<string, HTMLElement>} the rows of the newest answer, by digest, unchanged by scripts */
    this.rows = new Map();
    /** @type {number | undefined} */
    this.since = undefined;
    /** @type {number | undefined} */
    this.sinceNext = undefined;
    this.shownAfterMs = 0;
    this.waitedMs = 0; // how long the server waited for its worker before the newest answer
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    this.stateAt = 0; // when the shown data were requested; 0 for data that came with the page
  }

  /**
   * @param {string} [position] the records that the panel must contain; if undefined, the panel is rendered in any case
   */
  async draw(position) {
    this.isDue = true;
    this.isAsked ||= position === undefined;
    this.position = position ?? this.position;
    if (this.isBusy) this.sinceNext ??= performance.now();
    else this.since ??= performance.now();
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.isDue) {
      this.isDue = this.isAsked = false;
      this.since ??= this.sinceNext;
      this.sinceNext = undefined;
      const began = performance.now();
      await this.ask().catch(() => this.again());
      const workedMs = performance.now() - began - this.waitedMs;
      const listQuietMs = Math.min(MOST_QUIET_MS, Math.max(LEAST_QUIET_MS, workedMs / 2));
      await new Promise((resolve) => setTimeout(resolve, LISTS.includes(this.name) ? listQuietMs : OTHERS_QUIET_MS));
    }
    this.isBusy = false;
  }

  async ask() {
    const askedAt = performance.now();
    // the page's address contains the filter
    const filter = this.name === "alerts" ? `${location.search.slice(1)}&` : "";
    const rows = [...this.rows.keys()].slice(0, MOST_NAMED).join(",");
    const answer = await call("GET", `/board/${this.name}?${filter}at=${stand()}&most=${this.most}&rows=${rows}`);
    this.waitedMs = Number(answer.headers.get("x-waited-ms"));
    if (answer.status === 401) return ended();
    if (!answer.ok) return this.again();
    const board = document.getElementById("board"); // a wall screen reloads by itself
    if (board) element("updated").hidden = answer.headers.get("x-edition") === board.dataset.edition;
    const isLate = answer.headers.has("x-late");
    if (isLate) this.again();
    const holder = make("template");
    holder.innerHTML = await answer.text();
    const fresh = /** @type {HTMLElement} */ (holder.content.firstElementChild);
    this.rows = fillGaps(fresh, this.rows);
    for (const row of keys(fresh).values()) served.set(row, row.dataset.row ?? row.outerHTML);
    await (showing.has(this.name) ? released() : rested()); // the list of alerts decides itself when rows may move
    const show = showing.get(this.name);
    if (show) show(fresh);
    else swap(element(`panel-${this.name}`), fresh);
    if (isLate) return;
    if (!this.isAsked && contains(answer.headers.get("x-position") ?? "", this.position)) {
      this.isDue = false; // the answer contains even the records that arrived after the request
      this.sinceNext = undefined;
    }
    this.shownAfterMs = performance.now() - (this.since ?? performance.now());
    this.since = undefined;
    this.stateAt = askedAt;
  }

  /** Several failures lead to only one new rendering, so that renderings do not multiply. */
  again() {
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      void this.draw();
    }, AGAIN_MS);
  }
}

/**
 * Replaces each gap by a copy of its row. The server sends a gap instead of a row that the page has already. Returns
 * all rows by their digests.
 * @param {HTMLElement} fresh
 * @param {Map<string, HTMLElement>} earlier
 */
function fillGaps(fresh, earlier) {
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (fresh.querySelectorAll("[data-row]"))) {
    const digest = part.dataset.row ?? "";
    const known = earlier.get(digest);
    if (part instanceof HTMLTemplateElement && known) part.replaceWith(known.cloneNode(true));
    rows.set(digest, known ?? /** @type {HTMLElement} */ (part.cloneNode(true))); // a copy: scripts change `part`
  }
  return rows;
}

/**
 * @param {HTMLElement} panel
 * @param {HTMLElement} fresh
 */
function swap(panel, fresh) {
  const focused = panel.contains(document.activeElement) ? document.activeElement : null;
  const [known, top] = [keys(panel), panel.scrollTop];
  renew(panel, fresh);
  if (top) panel.scrollTop = top; // only if needed, because setting it forces the browser to compute the layout
  for (const [key, row] of keys(panel)) {
    if (mark(row) !== mark(known.get(key))) highlight(row);
  }
  if (focused?.id) document.getElementById(focused.id)?.focus({ preventScroll: true });
  panel.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
}

/**
 * Highlights a row for a short time, without an animation: animating many rows would keep the browser busy.
 * @param {HTMLElement} row
 */
export function highlight(row) {
  row.classList.add("arrived");
  setTimeout(() => row.classList.remove("arrived"), ARRIVED_MS);
}

/** @type {WeakMap<HTMLElement, string>} the digest or text of each row, while no script has changed the row */
const served = new WeakMap();

/** Notes that a script has changed the row, so that the next drawing replaces the row. @param {HTMLElement} row */
export function forget(row) {
  served.delete(row);
}

/**
 * Makes the element equal to the fresh element. Unchanged rows stay in the page: replacing a whole list takes much
 * longer.
 * @param {HTMLElement} shown
 * @param {HTMLElement} fresh
 */
export function renew(shown, fresh) {
  for (const name of shown.getAttributeNames()) if (!fresh.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  const next = /** @type {HTMLElement[]} */ ([...fresh.children]);
  const wanted = new Set(next.map(nameOf));
  /** @type {Map<string, HTMLElement>} */
  const parts = new Map();
  for (const node of [...shown.childNodes]) {
    const name = node instanceof HTMLElement ? nameOf(node) : "";
    if (node instanceof HTMLElement && wanted.has(name) && !parts.has(name)) parts.set(name, node);
    else node.remove(); // also removes white space, which would pile up
  }
  let place = shown.firstElementChild;
  for (const part of next) {
    const own = parts.get(nameOf(part));
    parts.delete(nameOf(part));
    const isKept = own && stays(own, part);
    if (own && own === place) place = place.nextElementSibling;
    if (own && !isKept) own.replaceWith(part);
    const drawn = own && isKept ? own : part;
    if (drawn.nextElementSibling !== place || drawn.parentElement !== shown) shown.insertBefore(drawn, place);
  }
}

/**
 * True if the part stays in the page. A list always stays, and its changed rows are replaced one by one.
 * @param {HTMLElement} part
 * @param {HTMLElement} fresh
 */
function stays(part, fresh) {
  if (part.dataset.key) return served.has(part) && served.get(part) === served.get(fresh);
  if (part.isEqualNode(fresh)) return true;
  const isList = part.querySelector("[data-key]") !== null && fresh.querySelector("[data-key]") !== null;
  if (isList) renew(part, fresh);
  return isList;
}

/** @param {HTMLElement} part */
function nameOf(part) {
  return part.dataset.key || part.dataset.section || part.id || part.localName;
}

/**
 * Restores the focus if the focused element is gone: on its row, or else on the panel. The focus never moves to another
 * row, because the next key would then act on an alert that the person has not chosen.
 * @param {HTMLElement} panel
 * @param {string} key
 */
export function takeUp(panel, key) {
  if (document.activeElement?.checkVisibility() && document.activeElement !== document.body) return;
  const rows = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("[data-key][tabindex]")]);
  (rows.find((row) => row.dataset.key === key) ?? panel).focus({ preventScroll: true });
}

/** @param {HTMLElement} panel @returns {Map<string, HTMLElement>} */
function keys(panel) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll("[data-key]"));
  return new Map([...rows].map((row) => [row.dataset.key ?? "", row]));
}

/**
 * The parts of a row that count as a change. A row that only gets older has not changed.
 * @param {HTMLElement | undefined} row
 */
function mark(row) {
  return row && [row.dataset.revision, row.dataset.state, row.dataset.severity, row.dataset.count].join("|");
}

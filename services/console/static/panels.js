// The board's panels, each drawn anew by the server when something on it changed.

import { element } from "/static/elements.js";
import { ended } from "/static/link.js";
import { stand } from "/static/listening.js";

/** @typedef {{ajax: (verb: string, path: string, options: object) => Promise<void>}} Htmx */

const QUIET_MS = 400; // a panel is drawn at most so often, however much arrives
const AGAIN_MS = 1500; // a panel that was not to be had, or is behind what was heard, is asked for again

/** @type {Map<string, Drawing>} */
const drawings = new Map();

/** @param {string} name */
export function draw(name) {
  const drawing = drawings.get(name) ?? new Drawing(name);
  drawings.set(name, drawing);
  void drawing.draw();
}

/** One panel: what it knows already, and whether something newer is due. */
class Drawing {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.isDue = false;
    this.isBusy = false;
  }

  async draw() {
    this.isDue = true;
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.isDue) {
      this.isDue = false;
      await this.swap();
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
    this.isBusy = false;
  }

  async swap() {
    const panel = element(`panel-${this.name}`);
    const before = keys(panel);
    const isOpen = panel.querySelector("details")?.open ?? false;
    const top = panel.scrollTop;
    let held = ""; // at the moment of the swap: until then a dialog may have given the focus back
    panel.addEventListener("htmx:beforeSwap", () => {
      const active = panel.contains(document.activeElement) ? document.activeElement : null;
      held = /** @type {HTMLElement | null | undefined} */ (active?.closest("[data-key]"))?.dataset.key ?? "";
    }, { once: true });
    // `source`: without one all panels ask in the name of the page, of which htmx keeps the last alone while one is under way
    await htmx().ajax("GET", `/board/${this.name}?at=${stand()}`, { source: panel, target: panel, swap: "outerHTML" })
      .catch(() => undefined); // asked for again below
    const drawn = element(`panel-${this.name}`);
    drawn.scrollTop = top;
    const details = drawn.querySelector("details");
    if (details) details.open = isOpen;
    for (const [key, row] of keys(drawn)) {
      if (before.get(key)?.outerHTML !== row.outerHTML && mark(row) !== mark(before.get(key))) row.classList.add("arrived");
    }
    if (held) takeUp(drawn, held);
    drawn.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
  }
}

/** Where what had the focus is gone, its row has it, or the first one: the keyboard goes on from there. @param {HTMLElement} panel @param {string} key */
export function takeUp(panel, key) {
  if (document.activeElement !== document.body) return;
  const rows = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("[data-key][tabindex]")]);
  (rows.find((row) => row.dataset.key === key) ?? rows[0])?.focus({ preventScroll: true });
}

/** @param {HTMLElement} panel @returns {Map<string, HTMLElement>} */
function keys(panel) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll("[data-key]"));
  return new Map([...rows].map((row) => [row.dataset.key ?? "", row]));
}

/** What of a row is news; an age that grew is not. @param {HTMLElement | undefined} row */
function mark(row) {
  return row && [row.dataset.revision, row.dataset.state, row.dataset.severity, row.dataset.count].join("|");
}

/** @returns {Htmx} */
function htmx() {
  return /** @type {any} */ (window).htmx;
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, successful, pathInfo } = /** @type {CustomEvent} */ (event).detail;
  const name = /^\/board\/(\w+)/.exec(pathInfo.requestPath)?.[1];
  if (!name || (successful && !xhr.getResponseHeader("x-late"))) return;
  if (xhr.status === 401) ended();
  else setTimeout(() => draw(name), AGAIN_MS);
});

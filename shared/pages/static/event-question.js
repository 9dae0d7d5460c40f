// Asks whether people left because of an event. Intake proposes the events. Without a proposal, the question is hidden.

import { make } from "./elements.js";
import { sentence, words } from "./texts.js";
import { dayAndClock } from "./time.js";

/**
 * @typedef {{status: string, pcode: string, occurred_at: string, occurred_at_precision: string, hazard_type?: string,
 *   reasons: string[]}} Departure
 * @typedef {{hazard_id: string, type: string, severity: string, pcode: string, onset: string}} ProposedHazard
 * @typedef {{hazard_id?: string, hazard_type?: string}} Answer the fields of a report
 */

const NONE = "none"; // the answer for "no event" and for "not known"
const FLED = ["displacement", "evacuation", "unable_to_move"];

/** True if people with this mobility may have fled from an event. @param {string} mobility */
export function haveFled(mobility) {
  return FLED.includes(mobility);
}

export class EventQuestion {
  /**
   * @param {HTMLElement} field
   * @param {{ask: (departure: Departure) => Promise<Response | undefined>, nameOf: (pcode: string) => string}} page
   */
  constructor(field, { ask, nameOf }) {
    this.field = field;
    this.ask = ask;
    this.nameOf = nameOf;
    this.asked = "";
    /** @type {ProposedHazard[]} */
    this.proposed = [];
    this.chosen = "";
    this.type = "";
    this.answered = "";
    this.isRestored = false;
    this.isOpen = false; // intake did not answer, so the question is still open
    field.addEventListener("change", ({ target }) => this.choose(/** @type {HTMLInputElement} */ (target).value));
  }

  /** @param {string} id */
  choose(id) {
    this.chosen = id;
    this.answered = this.asked;
    this.type = this.proposed.find(({ hazard_id }) => hazard_id === id)?.type ?? "";
  }

  /** The answer, if it belongs to the stated place, date and hazard. @returns {Answer} */
  get answer() {
    const counts = this.chosen && this.chosen !== NONE && this.answered === this.asked;
    return counts ? { hazard_id: this.chosen, ...(this.type && { hazard_type: this.type }) } : {};
  }

  /** Restores a stored answer, which is valid until the form states another departure. @param {Answer} [report] */
  restore({ hazard_id = "", hazard_type = "" } = {}) {
    [this.chosen, this.type, this.isRestored] = [hazard_id, hazard_type, true];
  }

  /**
   * Asks again if the departure has changed, or if intake has not answered.
   * @param {Departure | undefined} departure
   */
  async show(departure) {
    const asked = departure ? JSON.stringify(departure) : "";
    if (this.isRestored) this.answered = asked;
    this.isRestored = false;
    if (asked === this.asked && !this.isOpen) return this.mark();
    this.asked = asked;
    this.isOpen = false;
    this.offer([]);
    const proposed = departure ? await this.read(departure) : [];
    if (asked !== this.asked) return undefined; // the form stated another departure during the request
    this.isOpen = !proposed;
    this.offer(proposed ?? []);
    return undefined;
  }

  /**
   * @param {Departure} departure
   * @returns {Promise<ProposedHazard[] | undefined>} undefined if intake did not answer
   */
  async read(departure) {
    try {
      const answer = await this.ask(departure);
      return answer?.ok ? (await answer.json()).hazards : [];
    } catch {
      return undefined; // no signal
    }
  }

  /** @param {ProposedHazard[]} proposed */
  offer(proposed) {
    this.proposed = proposed;
    if (proposed.some(({ hazard_id }) => hazard_id === this.chosen)) this.choose(this.chosen);
    this.field.hidden = !proposed.length;
    const [legend, choices] = ["legend", ".choices"].map(
      (part) => /** @type {HTMLElement} */ (this.field.querySelector(part)),
    );
    legend.textContent = sentence(proposed.length > 1 ? "theseEvents" : "thisEvent");
    choices.replaceChildren(
      ...proposed.map((event) => option(event.hazard_id, this.named(event), severity(event))),
      option(NONE, sentence("otherEvent")),
    );
    this.mark();
  }

  mark() {
    for (const radio of this.field.querySelectorAll("input")) radio.checked = radio.value === this.chosen;
  }

  /** `Mudflow, Kadamjai rayon, 26.11, 14:05` @param {ProposedHazard} event */
  named({ type, pcode, onset }) {
    return [words("hazardTypes")[type] ?? type, this.nameOf(pcode), dayAndClock(new Date(onset))].join(", ");
  }
}

/** @param {ProposedHazard} event */
function severity({ severity: code }) {
  const shown = make("span", { className: "severity", textContent: words("severities")[code] ?? code });
  shown.dataset.severity = code;
  return shown;
}

/** @param {string} value @param {...(string | Node)} content */
function option(value, ...content) {
  return make("label", {}, make("input", { type: "radio", name: "event", value }), ...content);
}

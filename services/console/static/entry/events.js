// The form's question to the caller: did people leave because of a known event?

import { call } from "/static/calls.js";
import { element } from "/static/elements.js";
import { given, isInCountry, options } from "/static/entry/fields.js";
import { isValid } from "/static/entry/moments.js";
import { EventQuestion, haveFled } from "/static/event-question.js";

export class Events {
  /**
   * @param {HTMLFormElement} form
   * @param {import("/static/entry/journeys.js").Journey} journey
   * @param {boolean} isAsked false for a correction, which keeps the event of the stored report
   */
  constructor(form, journey, isAsked) {
    this.form = form;
    this.journey = journey;
    const names = new Map(options("places").map(({ value, name }) => [value, name]));
    this.question = new EventQuestion(element("event-question"), {
      ask: (departure) => call("POST", "/intake/v1/hazards:proposals", departure),
      nameOf: (pcode) => names.get(pcode) ?? pcode,
    });
    if (isAsked) for (const event of ["change", "focusout"]) form.addEventListener(event, () => this.ask());
  }

  get answer() {
    return this.question.answer;
  }

  ask() {
    void this.question.show(this.departure);
  }

  /** The stated departure, or undefined if the question needs more facts than the form states. */
  get departure() {
    const pcode = this.journey.origin.chosen?.value ?? "",
      { left, precision } = this.journey.departure,
      type = this.journey.hazard.chosen?.value;
    if (!isInCountry(pcode) || !isValid(left) || !haveFled(given(this.form, "mobility"))) return undefined;
    return {
      status: this.form.dataset.status ?? "",
      pcode,
      occurred_at: left.toISOString(),
      occurred_at_precision: precision,
      ...(type && { hazard_type: type }),
      reasons: this.journey.reasons.ranked,
    };
  }
}

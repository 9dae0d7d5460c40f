// The time of the count and its precision. The field has only a day if the hour is not known.

import { written } from "/static/dates.js";
import { input } from "/static/entry/fields.js";
import { day, isAfterToday, isAhead, isValid, moment } from "/static/entry/moments.js";

/** @typedef {import("/static/entry/known-reports.js").Known} Known */

export class Counted {
  constructor() {
    input("counted_at_precision").addEventListener("change", () => this.fit());
  }

  /** The stated time: noon if only the day is stated, and an invalid date for an invalid text. */
  get at() {
    return this.isHour ? moment(this.text) : day(this.text);
  }

  get precision() {
    return input("counted_at_precision").value;
  }

  get isHour() {
    return this.precision === "hour";
  }

  get text() {
    return input("counted").value.trim();
  }

  /** @returns {[string, HTMLInputElement[]][]} */
  get errors() {
    const { at, isHour } = this,
      isFuture = isHour ? isAhead(at) : isAfterToday(at);
    return [
      [isHour ? "moment" : "day", isValid(at) ? [] : [input("counted")]],
      ["ahead", isFuture ? [input("counted")] : []],
    ];
  }

  /** @param {Known} known */
  show(known) {
    input("counted").value = counted(known);
    input("counted_at_precision").value = known.counted_at_precision ?? "hour";
    this.fit();
  }

  /** Fills in the present time, because most people were counted just before the call. */
  preset() {
    input("counted").value ||= written(new Date());
    this.fit();
  }

  fit() {
    if (!this.isHour) input("counted").value = this.text.split(" ")[0];
  }
}

/** `26.11.2026 21:47` @param {Known} count */
export function counted({ counted_at, reported_at }) {
  return written(new Date(counted_at ?? reported_at));
}

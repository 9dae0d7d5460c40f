// The fields for the time of departure and its precision. The field for the hour is visible if the hour is known.

import { written } from "/static/dates.js";
import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";
import { dayOf } from "/static/entry/known-fields.js";
import { day, isAfterToday, isAhead, isValid, moment } from "/static/entry/moments.js";

export class Departure {
  constructor() {
    this.isChosen = false;
    input("occurred_at_precision").addEventListener("change", () => {
      this.isChosen = true;
      this.showHour();
    });
    input("mobility").addEventListener("change", () => this.preset());
  }

  /** The stated time: noon if only the day is stated, and an invalid date for an invalid text. */
  get left() {
    const date = input("left").value.trim();
    return this.precision === "hour" ? moment(`${date} ${this.hour}`) : day(date);
  }

  get precision() {
    const { value } = input("occurred_at_precision");
    return value === "hour" && !this.hour ? "day" : value;
  }

  get hour() {
    return input("left-hour").value.trim();
  }

  /** @returns {[string, HTMLInputElement[]][]} */
  get errors() {
    const { left, precision } = this,
      date = day(input("left").value.trim()),
      isDay = isValid(date);
    const isFuture = precision === "hour" ? isAhead(left) : isAfterToday(left);
    return [
      ["day", isDay ? [] : [input("left")]],
      ["hour", isDay && !isValid(left) ? [input("left-hour")] : []],
      ["ahead", isFuture ? [input(isAfterToday(date) ? "left" : "left-hour")] : []],
    ];
  }

  /** @param {import("/static/entry/known-reports.js").Known} known */
  show(known) {
    this.isChosen = true;
    input("left").value = dayOf(known);
    input("occurred_at_precision").value = known.occurred_at_precision ?? "day";
    input("left-hour").value = this.isHour ? written(new Date(known.occurred_at)).split(" ")[1] : "";
    this.showHour();
  }

  /** Resets the fields to their defaults after the form was emptied. */
  again() {
    this.isChosen = false;
    this.preset();
  }

  /** Sets the precision to the day. For migration, sets the month, because few people remember the day. */
  preset() {
    if (!this.isChosen)
      input("occurred_at_precision").value = input("mobility").value === "migration" ? "month" : "day";
    this.showHour();
  }

  get isHour() {
    return input("occurred_at_precision").value === "hour";
  }

  showHour() {
    element("left-hour-field").hidden = !this.isHour;
  }
}

// The form's fields for people: their numbers by sex and age, and their needs.

import { input } from "/static/entry/fields.js";
import { fail } from "/static/entry/refusals.js";
import { sentence } from "/static/texts.js";

/** @typedef {{sex: string, age: string, count: number}} SexAgeCount */

export class People {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.counters = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[data-age]")]);
  }

  /** @returns {SexAgeCount[]} */
  get counts() {
    const counted = this.counters.filter(({ value }) => Number(value));
    return counted.map(({ dataset, value }) => ({
      sex: dataset.sex ?? "",
      age: dataset.age ?? "",
      count: Number(value),
    }));
  }

  get total() {
    return this.counts.reduce((sum, { count }) => sum + count, 0);
  }

  /** @param {number} persons */
  fit(persons) {
    if (this.total <= persons) return true;
    fail(sentence("sum", { sum: this.total, persons }), [input("persons")]);
    return false;
  }

  get needs() {
    return new FormData(this.form).getAll("needs").map(String);
  }
}

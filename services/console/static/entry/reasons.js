// The fields for the reasons why people left: a main reason, and up to two more. The next field appears when the field
// before it has a reason.

import { element } from "/static/elements.js";
import { input } from "/static/entry/fields.js";

const NOT_REPORTED = "not_reported";
const OTHER = "other";
const SELECTS = ["reason", "reason-2", "reason-3"];

export class Reasons {
  constructor() {
    for (const id of SELECTS) input(id).addEventListener("change", () => this.showFields());
  }

  /** The chosen reasons, each once, the main reason first. "Not reported" is never beside another reason. */
  get ranked() {
    const chosen = new Set(SELECTS.map((id) => input(id).value).filter((reason) => reason && reason !== NOT_REPORTED));
    return chosen.size ? [...chosen] : [NOT_REPORTED];
  }

  /** @returns {{reasons: string[], reason_text?: string}} */
  get stated() {
    const text = input("reason-text").value.trim();
    return { reasons: this.ranked, ...(text && !element("reason-text-field").hidden && { reason_text: text }) };
  }

  /** @param {{reasons?: string[], reason_text?: string | null}} known */
  show({ reasons = [], reason_text }) {
    SELECTS.forEach((id, rank) => {
      input(id).value = reasons[rank] ?? (rank ? "" : NOT_REPORTED);
    });
    input("reason-text").value = reason_text ?? "";
    this.showFields();
  }

  /** Shows the fields. "Other" needs a text. A field with a value stays while any reason is chosen. */
  showFields() {
    const reasons = this.ranked,
      [, second, third] = SELECTS.map((id) => input(id).value);
    element("reason-2-field").hidden = reasons[0] === NOT_REPORTED;
    element("reason-3-field").hidden = !second && !third;
    element("reason-text-field").hidden =
      !reasons.includes(OTHER) && (reasons[0] === NOT_REPORTED || !input("reason-text").value);
  }
}

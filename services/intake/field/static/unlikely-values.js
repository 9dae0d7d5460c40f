// Unlikely values, which the author of a report is asked to confirm.

import { element } from "./elements.js";
import { sentence } from "./texts.js";

let questioned = "";

/**
 * After the author has been asked, the button sends the report.
 * @param {string} odd
 */
export function ask(odd) {
  questioned = odd;
  element("odd").hidden = !odd;
  element("odd-values").textContent = odd;
  element("send").textContent = odd ? sentence("sendOdd") : sentence("send");
  if (odd) element("odd").focus();
}

/** @param {string} odd */
export function wasAsked(odd) {
  return odd === questioned;
}

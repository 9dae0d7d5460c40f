// Unlikely values, which the author of a report is asked to confirm.

import { element } from "./elements.js";
import { sentence } from "./texts.js";

let questioned = "";

/**
 * Show the unlikely values, and change the text of the button "Send". The next press of the button sends the report.
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

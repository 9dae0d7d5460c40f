// The pages of a household, a group and a site. A link to a report moves the focus to this report, and a button prints
// the page.

import { element } from "/static/elements.js";

element("print").addEventListener("click", () => print());

for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href^="#report-"]'))) {
  link.addEventListener("click", () => element(link.hash.slice(1)).focus({ preventScroll: true }));
}

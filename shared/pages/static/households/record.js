// The pages of a household, a group and a site: a button prints the page, and a link to a report moves the focus there.

import { element } from "/static/elements.js";

element("print").addEventListener("click", () => print());

for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href^="#report-"]'))) {
  link.addEventListener("click", () => element(link.hash.slice(1)).focus({ preventScroll: true }));
}

// Loads parts of a page whose charts take long to compute. `data-later` is the address of the part: the content of
// `data-part` on that page replaces the element's content. Without a script, the element contains a link to that page.

import { call } from "/static/calls.js";
import { drawCharts } from "/static/charts/charts.js";
import { make } from "/static/elements.js";
import { sentence } from "/static/texts.js";

/** @param {HTMLElement} place */
async function load(place) {
  const status = place.querySelector("[role=status]");
  if (status) status.textContent = sentence("part_coming");
  const text = await call("GET", place.dataset.later ?? "")
    .then((answer) => answer.text())
    .catch(() => "");
  const page = make("template");
  page.innerHTML = text;
  const part = page.content.querySelector("[data-part]");
  if (part) {
    place.replaceChildren(...part.childNodes);
    drawCharts(place);
  } else if (status) status.textContent = sentence("part_failed");
}

for (const place of document.querySelectorAll("[data-later]")) void load(/** @type {HTMLElement} */ (place));

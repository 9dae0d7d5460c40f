// The list of accounts: shows those whose name, post or organisation contains the typed text. The typed text stays in
// the browser, because the text may be a person's name.

import { element } from "/static/elements.js";

const words = /** @type {HTMLInputElement} */ (element("words"));
const rows = /** @type {NodeListOf<HTMLTableRowElement>} */ (document.querySelectorAll("#rows tr"));

function show() {
  const wanted = words.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    row.hidden = !row.cells[0]?.textContent?.toLowerCase().includes(wanted);
    if (!row.hidden) shown += 1;
  }
  element("shown").textContent = String(shown);
  element("none").hidden = shown > 0;
}

words.addEventListener("input", show);
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
});
show(); // after “Back”, the browser may have kept the text

// The list of accounts, searched by name, post or organisation. The typed text may be a person's name, so the browser
// does not send the text to the server.

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
show(); // after "Back", the browser may have kept the typed text

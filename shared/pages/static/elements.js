// Finds the elements of a page, and shows texts in them.

/** @param {string} id */
export function element(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no #${id}`);
  return node;
}

/** Shows the text in the element. Without a text, the element is hidden. @param {string} id @param {string} text */
export function showText(id, text) {
  const node = element(id);
  node.textContent = text;
  node.hidden = !text;
}

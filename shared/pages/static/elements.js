// Finds the elements of a page.

/** @param {string} id */
export function element(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no #${id}`);
  return node;
}

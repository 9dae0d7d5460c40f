// Finds the elements of a page, shows texts in them, and makes buttons.

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

/** @param {string} text @param {() => void} act @param {string} [className] */
export function button(text, act, className = "button") {
  const made = Object.assign(document.createElement("button"), { type: "button", className, textContent: text });
  made.addEventListener("click", act);
  return made;
}

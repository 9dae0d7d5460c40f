// Finds, fills and makes the elements of a page.

/** @param {string} id */
export function element(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no #${id}`);
  return node;
}

/** Shows the text, or hides the element if the text is empty. @param {string} id @param {string} text */
export function showText(id, text) {
  const node = element(id);
  node.textContent = text;
  node.toggleAttribute("hidden", !text);
}

/**
 * Sets a different text, and keeps an equal text: a new node makes the browser compute the page's styles again.
 * @param {ChildNode | null} node
 * @param {string} text
 */
export function renewText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} [properties]
 * @param {...(Node | string)} content
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...content) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}

/** @param {string} text @param {() => void} act @param {string} [className] */
export function button(text, act, className = "button") {
  const made = make("button", { type: "button", className, textContent: text });
  made.addEventListener("click", act);
  return made;
}

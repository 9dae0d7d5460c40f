// Finds the elements of a page, shows texts in them, and makes new elements.

/** @param {string} id */
export function element(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no #${id}`);
  return node;
}

/** Without a text, the element is hidden. @param {string} id @param {string} text */
export function showText(id, text) {
  const node = element(id);
  node.textContent = text;
  node.toggleAttribute("hidden", !text);
}

/**
 * Keeps an unchanged text, because a new node would have the browser compute the styles of the page again.
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

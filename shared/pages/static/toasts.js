// A short word in the corner that goes away by itself; a screen reader says it too.

const SHOWN_MS = 8000;

/**
 * @param {string} text
 * @param {"good" | "bad" | "plain"} [kind]
 */
export function toast(text, kind = "plain") {
  const element = document.createElement("div");
  element.className = "toast";
  element.dataset.kind = kind;
  element.textContent = text;
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
}

// A short message in the corner, which disappears by itself and may have an Undo button. Screen readers announce it.

const SHOWN_MS = 8000;

/**
 * @param {string} text
 * @param {"good" | "bad" | "plain"} [kind]
 * @param {{label: string, shownMs: number, act: () => void}} [offer]
 */
export function toast(text, kind = "plain", offer) {
  const element = document.createElement("div");
  element.className = "toast";
  element.dataset.kind = kind;
  element.append(text);
  if (offer) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = offer.label;
    button.addEventListener("click", () => { element.remove(); offer.act(); });
    element.append(" ", button);
  }
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), offer?.shownMs ?? SHOWN_MS);
}

// A short message in the corner, with or without a button. Screen readers announce the message.

import { button, make } from "./elements.js";

const SHOWN_MS = 8000;

/**
 * @param {string} text
 * @param {"good" | "bad" | "plain"} [kind]
 * @param {{label: string, shownMs: number, act: () => void}} [offer]
 * @param {Element | null} [dialog] the place of the message, if an open dialog covers the corner
 */
export function toast(text, kind = "plain", offer, dialog) {
  const element = make("div", { className: "toast" }, text);
  element.dataset.kind = kind;
  if (offer)
    element.append(
      " ",
      button(offer.label, () => {
        element.remove();
        offer.act();
      }),
    );
  if (dialog) element.setAttribute("role", "alert");
  (dialog ?? document.getElementById("toasts"))?.append(element);
  setTimeout(() => element.remove(), offer?.shownMs ?? SHOWN_MS);
}

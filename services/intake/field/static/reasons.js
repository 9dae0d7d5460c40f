// The form's fields for the reasons of a displacement: a main reason, and up to two further reasons in the order of
// their importance.

import { element } from "./elements.js";

const NOT_REPORTED = "not_reported";
const OTHER = "other";

/** @returns {HTMLSelectElement[]} the most important reason first */
function selects() {
  return [...document.querySelectorAll("#report [name=reason]")].map(
    (field) => /** @type {HTMLSelectElement} */ (field),
  );
}

/** @param {() => void} save */
export function listenToReasons(save) {
  for (const select of selects()) select.addEventListener("change", showReasons);
  element("add-reason").addEventListener("click", () => {
    const next = selects()
      .map(fieldOf)
      .find((field) => field.hidden);
    if (next) next.hidden = false;
    next?.querySelector("select")?.focus();
    showButton();
    save();
  });
}

/** Return the chosen reasons. "Not reported" stands only alone. */
export function readReasons() {
  const chosen = new Set(
    selects()
      .map(({ value }) => value)
      .filter((reason) => reason && reason !== NOT_REPORTED),
  );
  const words = /** @type {HTMLInputElement} */ (element("reason-text")).value.trim();
  return {
    reasons: chosen.size ? [...chosen] : [NOT_REPORTED],
    ...(chosen.has(OTHER) && words && { reason_text: words }),
  };
}

/** @param {import("./kept.js").Body} [body] without a report, the fields keep their defaults */
export function writeReasons(body) {
  selects().forEach((select, rank) => {
    if (body) select.value = body.reasons[rank] ?? (rank ? "" : NOT_REPORTED);
    fieldOf(select).hidden = rank > 0 && !select.value;
  });
  if (body) /** @type {HTMLInputElement} */ (element("reason-text")).value = body.reason_text ?? "";
  showReasons();
}

function showReasons() {
  element("other-reason").hidden = !selects().some(({ value }) => value === OTHER);
  showButton();
}

function showButton() {
  element("add-reason").hidden = selects().every((select) => !fieldOf(select).hidden);
}

/** @param {HTMLSelectElement} select */
function fieldOf(select) {
  return /** @type {HTMLElement} */ (select.closest(".field"));
}

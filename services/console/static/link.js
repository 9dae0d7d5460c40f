// The word in the page's bar about its connection; once signed out it stays a way to sign in again.

import { element } from "/static/elements.js";

const link = element("link");

/** @param {"live" | "lost"} state @param {Record<string, string>} [values] */
export function say(state, values = {}) {
  if (link.dataset.state === "ended") return;
  const text = (link.dataset[state] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  link.dataset.state = state;
  if (link.textContent !== text) link.textContent = text;
}

export function ended() {
  const again = document.createElement("a");
  again.href = `/sign-in?next=${location.pathname}`;
  again.textContent = link.dataset.ended ?? "";
  link.dataset.state = "ended";
  link.replaceChildren(again);
}

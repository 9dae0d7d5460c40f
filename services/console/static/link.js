// The word in the page's bar about its connection; once signed out it stays a way to sign in again.

import { element } from "/static/elements.js";
import { showEnd } from "/static/session.js";

const link = element("link");

/** @param {"live" | "lost"} state @param {Record<string, string>} [values] */
export function say(state, values = {}) {
  if (link.dataset.state === "ended") return;
  const text = (link.dataset[state] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  link.dataset.state = state;
  document.body.dataset.connected = state === "live" ? "yes" : "no"; // a board that hears what happens counts as somebody there
  if (link.textContent !== text) link.textContent = text;
}

export function ended() {
  const again = document.createElement("a");
  again.href = `/sign-in?next=${location.pathname}`;
  again.textContent = link.dataset.ended ?? "";
  link.dataset.state = "ended";
  showEnd();
  link.replaceChildren(again);
}

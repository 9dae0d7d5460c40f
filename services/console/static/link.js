// Shows in the page's bar whether the page is connected. After the session's end, shows a link to the sign-in.

import { element, make } from "/static/elements.js";
import { showEnd } from "/static/session.js";
import { sentence } from "/static/texts.js";

const link = element("link");

/** @param {"live" | "lost"} state @param {Record<string, string>} [values] */
export function say(state, values = {}) {
  if (link.dataset.state === "ended") return;
  const text = sentence(state, values);
  link.dataset.state = state;
  document.body.dataset.connected = state === "live" ? "yes" : "no"; // a connected board renews its session
  if (link.textContent !== text) link.textContent = text;
}

export function ended() {
  const again = make("a", { href: `/sign-in?next=${location.pathname}`, textContent: sentence("ended") });
  link.dataset.state = "ended";
  showEnd();
  link.replaceChildren(again);
}

// Marks a panel whose list is out of date. Without the mark, people would think that nothing has happened.

import { waits } from "/static/board/panels.js";
import { make } from "/static/elements.js";
import { now } from "/static/server-time.js";
import { sentence } from "/static/texts.js";
import { clock } from "/static/time.js";

const LATE_MS = 15_000;
const TICK_MS = 1000;

export function watchPanels() {
  setInterval(
    () => waits().forEach(({ name, waitedMs, ageMs }) => show(name, waitedMs > LATE_MS ? ageMs : undefined)),
    TICK_MS,
  );
}

/** @param {string} name @param {number} [ageMs] */
function show(name, ageMs) {
  const panel = document.getElementById(`panel-${name}`);
  panel?.classList.toggle("is-late", ageMs !== undefined);
  if (ageMs === undefined) return panel?.querySelector(".late")?.remove();
  const note = panel?.querySelector(".late") ?? make("span", { className: "late bad strong", role: "status" });
  if (!note.isConnected) (panel?.querySelector("header") ?? panel)?.append(note);
  const text = sentence("panel_late", { time: clock(new Date(now().getTime() - ageMs)) });
  if (note.textContent !== text) note.textContent = text;
}

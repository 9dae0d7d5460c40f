// Tells the alerts service when somebody last touched this board, and shows a notice if nobody touches the board.

import { call } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";
import { uuid } from "/static/uuid.js";

const REPORT_MS = 60_000;
const USES = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];

let touched = Date.now();
let unattendedMs = 30 * 60_000;
let isNobodyAnywhere = false;
const board = sessionStorage.getItem("board-id") ?? uuid();
sessionStorage.setItem("board-id", board);

/** Starts the reports. Call this only for accounts that answer alerts, because nobody touches a wall screen. */
export function attend() {
  for (const kind of USES) addEventListener(kind, touch, { passive: true });
  setInterval(report, REPORT_MS);
  void report();
}

function touch() {
  touched = Date.now();
  if (!element("unattended").hidden) void report();
}

async function report() {
  const answer = await call("PUT", "/alerts/v1/presence", {
    board_id: board,
    last_input_at: new Date(touched).toISOString(),
  }).catch(() => undefined);
  if (answer?.ok) {
    const presence = await answer.json();
    [unattendedMs, isNobodyAnywhere] = [presence.unattended_minutes * 60_000, presence.is_unattended];
  }
  show();
}

function show() {
  const idle = Date.now() - touched;
  const notice = element("unattended");
  notice.hidden = idle < unattendedMs;
  const text = sentence("unattended", { minutes: Math.floor(idle / 60_000) });
  notice.textContent = isNobodyAnywhere ? `${text} ${sentence("all_unattended")}` : text;
}

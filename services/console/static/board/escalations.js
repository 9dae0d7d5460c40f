// The clocks that count down to the next escalation of each alert. The alerts service computes the times.

import { call } from "/static/calls.js";
import { now } from "/static/server-time.js";
import { sentence } from "/static/texts.js";

const OLD_MS = 60_000; // without an answer for this time, the page shows no clock
const MINUTE_MS = 60_000;

/** @type {Record<string, string>} */
let escalations = {};
let answeredAt = -Infinity;

export async function askEscalations() {
  const answer = await call("GET", "/alerts/v1/escalations").catch(() => undefined); // the next request follows soon
  if (!answer?.ok) return;
  ({ escalations } = await answer.json());
  answeredAt = performance.now();
  showEscalations();
}

export function showEscalations() {
  const isOld = performance.now() - answeredAt > OLD_MS;
  for (const clock of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-escalation]"))) {
    const moment = escalations[clock.dataset.escalation ?? ""];
    const text = isOld || !moment ? "" : inWords(Date.parse(moment) - now().getTime());
    if (clock.textContent !== text) clock.textContent = text;
  }
}

/** @param {number} leftMs */
function inWords(leftMs) {
  return leftMs < MINUTE_MS
    ? sentence("escalates_soon")
    : sentence("escalates_in", { minutes: Math.floor(leftMs / MINUTE_MS) });
}

// Shows whether the event raised an alert, and who is notified of the alert.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const AGAIN_MS = 500;
const LONGEST_MS = 15_000;

/** @typedef {{is_judged: boolean, alerts: {recipients: string[]}[], text: string | null}} Followed */

/** @param {string} hazard @param {string} report */
export async function showFollowed(hazard, report) {
  const shown = element("followed");
  shown.textContent = sentence("judging");
  const until = Date.now() + LONGEST_MS;
  while (Date.now() < until) {
    const followed = await ask(hazard, report);
    if (element("answer").dataset.report !== report) return; // the form shows another event now
    if (followed?.is_judged) return void (shown.textContent = resultOf(followed));
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  shown.textContent = sentence("unknown");
}

/** @param {string} hazard @param {string} report @returns {Promise<Followed | undefined>} */
async function ask(hazard, report) {
  try {
    const answer = await call("GET", `/alerts/v1/hazards/${hazard}/outcome?report_id=${report}`);
    return answer.ok ? await answer.json() : undefined;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return undefined;
  }
}

/** @param {Followed} followed */
function resultOf(followed) {
  if (!followed.alerts.length) return sentence("no_alert", { reason: followed.text ?? "–" });
  const who = [...new Set(followed.alerts.flatMap((alert) => alert.recipients))];
  return who.length ? sentence("alerted", { who: who.join(", ") }) : sentence("nobody");
}

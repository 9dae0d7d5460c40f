// Acts on all selected alerts, and shows the result of each. Alerts that have changed since they were selected are
// skipped, and the page names them.

import { named } from "/static/board/alerts-list.js";
import { takeUp } from "/static/board/panels.js";
import { chooseAgain, chooseNone, chosen, seen } from "/static/board/selection.js";
import { call, problem } from "/static/calls.js";
import { element, make } from "/static/elements.js";
import { taken } from "/static/refusals.js";
import { problems, sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";

/** @typedef {{alert_id: string, acknowledged_at: string | null}} Done */
/** @typedef {{alert_id: string, reason: string, name: string | null, at: string | null}} Refused */
/** @typedef {{done: Done[], refused: Refused[]}} Results */
/** @typedef {{status: number, text: string, body: Record<string, any>}} Problem */
/**
 * @typedef {{alerts: string[], seen: Record<string, number>, names: Map<string, string>}} Several alerts with their
 *   versions and names
 */

const MOST_AT_ONCE = 200;
// the service takes up to 200 alerts per call, but answers in time only for this number
const IN_A_CALL = 40;
const NAMED = 3;
const dialog = /** @type {HTMLDialogElement} */ (element("several-results"));

/** @type {Record<string, {result: string, text: string}>} */
const ACTS = {
  acknowledge: { result: "acknowledged", text: "acknowledged" },
  "take-back": { result: "taken_back", text: "undone" },
  takeover: { result: "taken_over", text: "taken_over" },
  snooze: { result: "snoozed", text: "snoozed" },
  assign: { result: "assigned", text: "assigned" },
  resolve: { result: "resolved", text: "closed" },
};

/**
 * Copies the selection, because the selection may change while a dialog names the alerts.
 * @returns {Several}
 */
export function atOnce() {
  const alerts = chosen().slice(0, MOST_AT_ONCE);
  return { ...asNamed(alerts), seen: seen(alerts) };
}

/**
 * Names alerts for an action that also applies to changed alerts.
 * @param {string[]} alerts
 * @returns {Several}
 */
export function asNamed(alerts) {
  return { alerts, seen: {}, names: new Map(alerts.map((alert) => [alert, named(alert)])) };
}

/**
 * Acts on each alert, even if the action on another alert fails. Returns the problem if a whole request was refused.
 * @param {Several} several
 * @param {string} act
 * @param {object} body
 * @param {(alerts: string[]) => object} [offered] what the toast of acknowledged alerts offers
 * @returns {Promise<Problem | undefined>}
 */
export async function actOn(several, act, body, offered) {
  /** @type {Results} */
  const results = { done: [], refused: [] };
  try {
    return await sendAll(several, act, body, results);
  } finally {
    showResults(several.names, act, results, offered);
  }
}

/**
 * Sends at most `IN_A_CALL` ids per call. Alerts with an answer are not sent again.
 * @param {Several} several
 * @param {string} act
 * @param {object} body
 * @param {Results} results
 * @returns {Promise<Problem | undefined>}
 */
async function sendAll(several, act, body, results) {
  while (several.alerts.length) {
    const ids = several.alerts.slice(0, IN_A_CALL);
    const seen = Object.fromEntries(Object.entries(several.seen).filter(([id]) => ids.includes(id)));
    const answer = await call("POST", `/alerts/v1/alerts:${act}`, { alert_ids: ids, seen, ...body });
    if (!answer.ok) return problem(answer);
    const answered = await answer.json();
    results.done.push(.../** @type {Done[]} */ (answered[ACTS[act]?.result ?? ""]));
    results.refused.push(.../** @type {Refused[]} */ (answered.refused));
    several.alerts = several.alerts.slice(ids.length);
  }
}

/**
 * @param {Map<string, string>} names
 * @param {string} act
 * @param {Results} results
 * @param {(alerts: string[]) => object} [offered]
 */
function showResults(names, act, { done, refused }, offered) {
  const text = ACTS[act]?.text ?? "";
  chooseNone(done.map((alert) => alert.alert_id));
  chooseAgain(refused.map((alert) => alert.alert_id));
  const lines = [
    ...refused.map((each) => ({ name: names.get(each.alert_id) ?? "", text: refusalOf(each), isDone: false })),
    ...done.map((each) => ({
      name: names.get(each.alert_id) ?? "",
      text: sentence(isPartly(act, each) ? "partly_acknowledged" : text),
      isDone: true,
    })),
  ];
  for (const isPart of [false, true]) {
    const same = done.filter((alert) => isPartly(act, alert) === isPart).map((alert) => alert.alert_id);
    if (same.length)
      say(
        sentence(isPart ? "partly_acknowledged" : text),
        same,
        names,
        offered ?? (() => ({ label: sentence("each_result"), shownMs: 10_000, act: () => show(lines) })),
      );
  }
  if (refused.length) show(lines);
}

/**
 * @param {string} text
 * @param {string[]} alerts
 * @param {Map<string, string>} names
 * @param {(alerts: string[]) => any} offered
 */
function say(text, alerts, names, offered) {
  const first = alerts
    .slice(0, NAMED)
    .map((alert) => names.get(alert))
    .join("; ");
  toast(
    `${text}: ${alerts.length}. ${first}${alerts.length > NAMED ? ` +${alerts.length - NAMED}` : ""}`,
    "good",
    offered(alerts),
  );
}

/**
 * @param {string} act
 * @param {Done} alert
 */
function isPartly(act, alert) {
  return act === "acknowledge" && alert.acknowledged_at === null;
}

/**
 * Shows the results. Alerts on which nothing was done come first.
 * @param {{name: string, text: string, isDone: boolean}[]} lines
 */
function show(lines) {
  const count = lines.filter((line) => line.isDone).length;
  element("results-title").textContent = sentence("results", { done: count, refused: lines.length - count });
  element("results-list").replaceChildren(
    ...lines.map(({ name, text, isDone }) => {
      return make("li", { className: isDone ? "good" : "bad strong" }, `${isDone ? "✓" : "✗"} ${name}: ${text}`);
    }),
  );
  dialog.showModal();
}

/** @param {Refused} refused */
function refusalOf({ reason, name, at }) {
  if (reason === "changed-meanwhile") return sentence("changed_since");
  return name && at ? taken(name, at) : sentence("failed", { problem: problems[reason] ?? reason });
}

dialog.addEventListener("close", () => takeUp(element("panel-alerts"), ""));

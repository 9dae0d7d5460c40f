// Sends the operator's actions on alerts: acknowledge, take over, snooze, confirm, close, and so on.

import { named } from "/static/board/alerts-list.js";
import { call, isNoAnswer, problem } from "/static/calls.js";
import { read } from "/static/dates.js";
import { element, showText } from "/static/elements.js";
import { takeUp } from "/static/board/panels.js";
import { chooseNone, chosen } from "/static/board/selection.js";
import { actOn, asNamed, atOnce } from "/static/board/several.js";
import { mark, note, removeNotes } from "/static/field-notes.js";
import { refusal } from "/static/refusals.js";
import { sentence } from "/static/texts.js";
import { toast } from "/static/toasts.js";
import { labels, showWrong } from "/static/wrong-fields.js";

const UNDO_MS = 10_000;
const dialog = /** @type {HTMLDialogElement} */ (element("answering"));
const more = /** @type {HTMLDialogElement} */ (element("more-actions"));
const form = /** @type {HTMLFormElement} */ (element("answer"));
const assignee = /** @type {HTMLSelectElement} */ (element("assignee"));
/** @typedef {{alert_id: string, acknowledged_at: string | null}} Acknowledged */
/** @type {{act: string, alert: string, several: import("/static/board/several.js").Several}} */
let intended = { act: "", alert: "", several: atOnce() };
/** @type {Record<string, string>} */
const TITLES = {
  resolve: "close",
  assign: "assign",
  snooze: "snooze",
  "for-another": "acknowledge_for",
  "resolve-selected": "close_several",
  "assign-selected": "assign_several",
  "snooze-selected": "snooze_several",
  "take-over-selected": "take_over_several",
};

/** @type {Record<string, string>} */
const FIRST = {
  resolve: "verdict",
  assign: "assignee",
  snooze: "snooze-minutes",
  "for-another": "behalf-name",
  "take-over": "answer-cancel",
};

/** @type {Record<string, {method: string, path: string, done: string}>} */
const AT_ONCE = {
  acknowledge: { method: "PUT", path: "acknowledgement", done: "acknowledged" },
  "take-over": { method: "PUT", path: "takeover", done: "taken_over" },
  progress: { method: "PUT", path: "progress", done: "progressed" },
  confirm: { method: "PUT", path: "confirmation", done: "confirmed" },
  reopen: { method: "PUT", path: "reopening", done: "reopened" },
};

/** @param {string} act @param {string} alert */
export function begin(act, alert) {
  if (act === "acknowledge-selected") return void sendSeveral(atOnce(), "acknowledge", {}, undoing);
  if (act === "take-over-selected" && !chosen().some(isTaken)) return void sendSeveral(atOnce(), "takeover", {});
  if (act === "select-none") return chooseNone();
  if (act === "more") return offer(alert);
  more.close();
  const { path, done } = AT_ONCE[act] ?? {};
  if (path) return void send(alert, path, {}, done);
  const several = atOnce();
  intended = { act, alert, several };
  form.reset();
  fail("");
  element("verdicts").hidden = !act.startsWith("resolve");
  element("remark").hidden = !act.startsWith("resolve") && !act.startsWith("assign");
  element("behalf").hidden = act !== "for-another";
  element("snooze").hidden = !act.startsWith("snooze");
  element("assignment").hidden = !act.startsWith("assign");
  if (act.startsWith("assign")) void offerAssignees(alert);
  for (const id of ["answering-title", "answer-send"])
    element(id).textContent = sentence(TITLES[act] ?? "", { count: several.alerts.length });
  element("answering-about").textContent = (alert ? [named(alert)] : [...several.names.values()]).join("; ");
  const taken =
    act === "take-over-selected" ? several.alerts.filter(isTaken).map((each) => several.names.get(each)) : [];
  showText("answering-taken", taken.length ? sentence("taken_by_others", { alerts: taken.join("; ") }) : "");
  dialog.showModal();
  // otherwise the browser would focus the list of names, which scrolls if it is long
  element(FIRST[act.replace("-selected", "")] ?? "").focus();
}

/** Offers further actions on an alert. Choosing an action closes the list. @param {string} alert */
function offer(alert) {
  element("more-actions-title").textContent = named(alert);
  for (const button of more.querySelectorAll("[data-act]")) button.setAttribute("data-alert", alert);
  /** @type {HTMLElement} */ (more.querySelector('[data-act="take-over"]')).hidden = !isTaken(alert);
  more.showModal();
}

/** @param {string} alert */
function isTaken(alert) {
  return document.getElementById(`alert-${alert}`)?.hasAttribute("data-taken") ?? false;
}

async function answer() {
  const entries = new FormData(form);
  const given = (/** @type {string} */ name) => String(entries.get(name) ?? "").trim();
  if (intended.act.startsWith("resolve")) {
    if (!given("verdict"))
      return missing(element("verdicts"), element("verdicts").querySelector("legend")?.textContent ?? "");
    return sendIntended(
      "resolution",
      "resolve",
      { verdict: given("verdict"), ...(given("note") && { note: given("note") }) },
      "closed",
    );
  }
  if (intended.act.startsWith("assign")) {
    if (!given("account_id")) return missing(assignee);
    return sendIntended(
      "assignment",
      "assign",
      { account_id: given("account_id"), ...(given("note") && { note: given("note") }) },
      "assigned",
    );
  }
  if (intended.act.startsWith("take-over")) return sendIntended("takeover", "takeover", {}, "taken_over");
  if (intended.act.startsWith("snooze")) {
    if (!given("reason")) return missing(element("snooze-reason"));
    return sendIntended("snooze", "snooze", { minutes: Number(given("minutes")), reason: given("reason") }, "snoozed");
  }
  const name = given("name");
  if (!name) return missing(element("behalf-name"));
  const at = given("at") ? read(given("at")) : new Date();
  if (!at)
    return wrong(
      element("behalf-at"),
      sentence("check", { fields: labels([element("behalf-at")]) }),
      sentence("time_expected"),
    );
  // a time later than now means yesterday, for example "23:50" typed after midnight
  if (at.getTime() > Date.now() + 60_000) at.setUTCDate(at.getUTCDate() - 1);
  return send(
    intended.alert,
    "acknowledgement",
    { on_behalf_of: { name, by: given("by"), ...(given("at") && { at: at.toISOString() }) } },
    "acknowledged",
  );
}

/**
 * @param {string} what
 * @param {string} act
 * @param {object} body
 * @param {string} done
 */
function sendIntended(what, act, body, done) {
  return intended.alert ? send(intended.alert, what, body, done) : sendSeveral(intended.several, act, body);
}

/** @param {string} alert */
async function offerAssignees(alert) {
  const { act, several } = intended;
  assignee.replaceChildren(new Option("", ""));
  try {
    const answer = alert
      ? await call("GET", `/alerts/v1/alerts/${alert}/assignees`)
      : await call("POST", "/alerts/v1/alerts:assignees", { alert_ids: several.alerts });
    if (!answer.ok) return refuse(await problem(answer));
    const { assignees } = await answer.json();
    if (intended.act !== act || intended.alert !== alert) return;
    if (!assignees.length) return fail(sentence(alert ? "no_assignee" : "no_common_assignee"));
    assignee.append(...assignees.map(optionOf));
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
  }
}

/** @param {{account_id: string, name: string, post: string | null, is_on_duty: boolean}} person */
function optionOf({ account_id, name, post, is_on_duty }) {
  return new Option(
    [name, ...(post ? [post] : []), ...(is_on_duty ? [sentence("on_duty")] : [])].join(", "),
    account_id,
  );
}

/** @param {string} alert @param {string} what @param {object} body @param {string} done */
async function send(alert, what, body, done) {
  const about = named(alert);
  try {
    const answer = await call("PUT", `/alerts/v1/alerts/${alert}/${what}`, body);
    if (!answer.ok) return refuse(await problem(answer), about);
    dialog.close();
    const isAcknowledgement = what === "acknowledgement";
    const result = isAcknowledgement && isPartly(await answer.json()) ? "partly_acknowledged" : done;
    toast(`${sentence(result)}: ${about}`, "good", isAcknowledgement ? undoing([alert]) : undefined);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(`${about}: ${sentence("away")}`);
  }
}

/** True if the escalation policy still demands acknowledgements by more people. @param {Acknowledged} alert */
function isPartly(alert) {
  return alert.acknowledged_at === null;
}

/**
 * Acts on the selected alerts. Alerts whose action was refused stay selected.
 * @param {import("/static/board/several.js").Several} several
 * @param {string} act
 * @param {object} body
 * @param {(alerts: string[]) => object} [offered]
 */
async function sendSeveral(several, act, body, offered) {
  try {
    const refused = await actOn(several, act, body, offered);
    if (refused) return refuse(refused);
    dialog.close();
    if (act === "resolve")
      element("panel-alerts").focus({ preventScroll: true }); // the focused row is gone
    else takeUp(element("panel-alerts"), "");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
  }
}

/** @param {string[]} alerts */
function undoing(alerts) {
  const [alert, ...others] = alerts;
  const act = () => void (alert && !others.length ? undo(alert) : sendSeveral(asNamed(alerts), "take-back", {}));
  return { label: sentence("undo"), shownMs: UNDO_MS, act };
}

/** @param {string} alert */
async function undo(alert) {
  const about = named(alert);
  try {
    const answer = await call("DELETE", `/alerts/v1/alerts/${alert}/acknowledgement`);
    if (answer.ok) toast(`${sentence("undone")}: ${about}`, "good");
    else toast(`${about}: ${refusal(await problem(answer))}`, "bad");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(`${about}: ${sentence("away")}`, "bad");
  }
}

/**
 * @param {{status: number, text: string, body: Record<string, any>}} answer
 * @param {string} [about]
 */
function refuse(answer, about) {
  const named = (/** @type {string} */ text) => [about, text].filter(Boolean).join(": ");
  fail(named(refusal(answer)));
  const fields = dialog.open && showWrong(form, answer.body.errors ?? []);
  if (fields) fail(named(fields));
}

/** @param {HTMLElement} field @param {string} [label] */
function missing(field, label = labels([field])) {
  wrong(field, sentence("missing", { fields: label }), sentence("fill_in"));
}

/** Marks the field as wrong. @param {HTMLElement} field @param {string} text @param {string} expected */
function wrong(field, text, expected) {
  fail(text);
  removeNotes(form);
  mark([field]);
  note(field, expected);
  field.focus();
}

/** @param {string} text */
function fail(text) {
  showText("answer-failure", text);
  if (!text) {
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    removeNotes(form);
  }
  if (text && !dialog.open) toast(text, "bad");
}

// The browser gives the focus back to the row that opened the dialog. If the row was redrawn meanwhile, this line
// focuses the new row.
dialog.addEventListener("close", () => takeUp(element("panel-alerts"), intended.alert));
more.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
  if (button instanceof HTMLElement) begin(button.dataset.act ?? "", button.dataset.alert ?? "");
});
form.addEventListener("submit", (event) => {
  if (/** @type {SubmitEvent} */ (event).submitter?.getAttribute("value") !== "send") return;
  event.preventDefault();
  void answer();
});

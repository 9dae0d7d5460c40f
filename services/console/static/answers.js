// The operator's answers to alerts: acknowledged, for oneself or for another, and resolved with a verdict.

import { call, problem } from "/static/calls.js";
import { clock, instant } from "/static/clock.js";
import { element } from "/static/elements.js";
import { toast } from "/static/toasts.js";

const dialog = /** @type {HTMLDialogElement} */ (element("answering"));
const form = /** @type {HTMLFormElement} */ (element("answer"));
/** @type {{act: string, alert: string}} */
let asked = { act: "", alert: "" };

/** @param {string} act @param {string} alert */
export function begin(act, alert) {
  if (act === "acknowledge") return void send(alert, "acknowledgement", {});
  asked = { act, alert };
  form.reset();
  element("answer-failure").hidden = true;
  element("verdicts").hidden = act !== "resolve";
  element("remark").hidden = act !== "resolve";
  element("behalf").hidden = act === "resolve";
  element("answering-title").textContent = (act === "resolve" ? dialog.dataset.resolve : dialog.dataset.acknowledge) ?? "";
  element("answering-about").textContent = document.getElementById(`title-${alert}`)?.textContent ?? "";
  dialog.showModal();
}

async function answer() {
  const given = new FormData(form);
  const said = (/** @type {string} */ name) => String(given.get(name) ?? "").trim();
  if (asked.act === "resolve") {
    if (!said("verdict")) return void /** @type {HTMLInputElement | null} */ (form.querySelector("[name=verdict]"))?.focus();
    return send(asked.alert, "resolution", { verdict: said("verdict"), ...(said("note") && { note: said("note") }) });
  }
  const name = said("name");
  if (!name) return element("behalf-name").focus();
  const at = said("at") && instant(said("at"));
  return send(asked.alert, "acknowledgement", { on_behalf_of: { name, by: said("by"), ...(at && { at }) } });
}

/** @param {string} alert @param {string} what @param {object} body */
async function send(alert, what, body) {
  try {
    const answer = await call("PUT", `/alerts/v1/alerts/${alert}/${what}`, body);
    if (!answer.ok) return refuse(await problem(answer));
    dialog.close();
    toast(dialog.dataset.done ?? "", "good");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    refuse({ text: dialog.dataset.away ?? "" });
  }
}

/** @param {{text?: string, status?: number, body?: Record<string, string>}} found */
function refuse(found) {
  const name = found.body?.acknowledged_name ?? found.body?.resolved_name;
  const at = found.body?.acknowledged_at ?? found.body?.resolved_at;
  const text = found.status === 409 && name && at
    ? (dialog.dataset.taken ?? "").replace("{name}", name).replace("{time}", clock(new Date(at)))
    : found.text ?? (dialog.dataset.failed ?? "").replace("{problem}", found.body?.title ?? String(found.status));
  if (dialog.open) {
    element("answer-failure").textContent = text;
    element("answer-failure").hidden = false;
  } else toast(text, "bad");
}

form.addEventListener("submit", (event) => {
  if (/** @type {SubmitEvent} */ (event).submitter?.getAttribute("value") !== "send") return;
  event.preventDefault();
  void answer();
});

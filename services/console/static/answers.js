// The operator's answers to alerts: acknowledged, for oneself or for another, and resolved with a verdict.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { clock, instant } from "/static/clock.js";
import { element } from "/static/elements.js";
import { takeUp } from "/static/panels.js";
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
  for (const id of ["answering-title", "answer-send"]) element(id).textContent = (act === "resolve" ? dialog.dataset.resolve : dialog.dataset.acknowledge) ?? "";
  element("answering-about").textContent = document.getElementById(`title-${alert}`)?.textContent ?? "";
  dialog.showModal();
}

async function answer() {
  const given = new FormData(form);
  const said = (/** @type {string} */ name) => String(given.get(name) ?? "").trim();
  if (asked.act === "resolve") {
    if (!said("verdict")) return missing(/** @type {HTMLInputElement} */ (form.querySelector("[name=verdict]")), element("verdicts").querySelector("legend"));
    return send(asked.alert, "resolution", { verdict: said("verdict"), ...(said("note") && { note: said("note") }) });
  }
  const name = said("name");
  if (!name) return missing(/** @type {HTMLInputElement} */ (element("behalf-name")), document.querySelector("label[for=behalf-name]"));
  const at = said("at") && instant(said("at"));
  return send(asked.alert, "acknowledgement", { on_behalf_of: { name, by: said("by"), ...(at && { at }) } });
}

/** @param {string} alert @param {string} what @param {object} body */
async function send(alert, what, body) {
  try {
    const answer = await call("PUT", `/alerts/v1/alerts/${alert}/${what}`, body);
    if (!answer.ok) return fail(refusal(await problem(answer)));
    dialog.close();
    toast(dialog.dataset.done ?? "", "good");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(dialog.dataset.away ?? "");
  }
}

/** @param {{status: number, text: string, body: Record<string, any>}} found */
function refusal({ status, text, body }) {
  const name = body.acknowledged_name ?? body.resolved_name;
  const at = body.acknowledged_at ?? body.resolved_at;
  return status === 409 && name && at
    ? (dialog.dataset.taken ?? "").replace("{name}", name).replace("{time}", clock(new Date(at)))
    : (dialog.dataset.failed ?? "").replace("{problem}", text);
}

/** @param {HTMLInputElement} field @param {Element | null} label */
function missing(field, label) {
  fail((dialog.dataset.missing ?? "").replace("{fields}", label?.textContent ?? ""));
  field.focus();
}

/** @param {string} text */
function fail(text) {
  if (dialog.open) {
    element("answer-failure").textContent = text;
    element("answer-failure").hidden = false;
  } else toast(text, "bad");
}

// What opened it may have been drawn anew meanwhile, and then the browser finds nothing to give the focus back to.
dialog.addEventListener("close", () => takeUp(element("panel-alerts"), asked.alert));
form.addEventListener("submit", (event) => {
  if (/** @type {SubmitEvent} */ (event).submitter?.getAttribute("value") !== "send") return;
  event.preventDefault();
  void answer();
});

// Sends decisions about the entries of a list, and shows their results.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { button, element } from "/static/elements.js";
import { cell, named, number, small } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { nameOf } from "/static/waiting/names.js";

/**
 * While `send` runs, the buttons are disabled, because a second press would send the decision again.
 * @param {string} panel @param {() => Promise<boolean>} send whether the registry took the decision
 * @returns {Promise<boolean>} whether the list may have changed; also true if the registry did not answer
 */
export async function sending(panel, send) {
  const buttons = element(panel).querySelectorAll("button");
  for (const each of buttons) each.disabled = true;
  try {
    return await send();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("unsure"), "bad");
    return true;
  } finally {
    for (const each of buttons) each.disabled = false;
  }
}

/**
 * If the registry refuses the decision, shows the reason.
 * @param {string} path
 * @param {object} body
 * @returns {Promise<string[] | undefined>} the ids that the decision changed
 */
export async function posted(path, body) {
  const answer = await call("POST", `/registry/v1/${path}`, body);
  if (answer.ok) return (await answer.json()).ids;
  toast(
    answer.status === 401 ? sentence("signed_out") : sentence("failed", { problem: (await problem(answer)).text }),
    "bad",
  );
  return undefined;
}

/**
 * If somebody else has already decided, the decision changes fewer entries than were sent.
 * @param {string} done
 * @param {number} changed
 * @param {number} sent
 */
export function tellChanged(done, changed, sent) {
  if (changed) toast(sentence(done, { count: number.format(changed) }), "good");
  if (changed < sent) toast(sentence("faster", { count: number.format(sent - changed) }), "bad");
}

/**
 * If a service refuses or does not answer, the panel of the list says so.
 * @param {string} list @param {() => Promise<Response | undefined>} read returns the answer by which a service refused
 */
export async function readList(list, read) {
  const notice = element(`${list}-stale`);
  try {
    const refused = await read();
    notice.hidden = !refused;
    if (refused)
      notice.textContent =
        refused.status === 401
          ? sentence("signed_out")
          : sentence("unread", { problem: (await problem(refused)).text });
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    notice.hidden = false;
    notice.textContent = sentence("away");
  }
}

/** The registry carries a decision out later. @param {boolean} isApplied @returns {Node[]} */
export function noteUntilApplied(isApplied) {
  return isApplied ? [] : [small(sentence("not_applied"))];
}

/**
 * A row of a decision shows who decided and when, and a button that reverses the decision.
 * @param {string} account @param {string} decidedAt @param {string} about names the decision to a screen reader
 * @param {(() => void) | null} reverse null if the person may not decide
 */
export function decisionCells(account, decidedAt, about, reverse) {
  return [
    cell(nameOf(account), small(dayAndClock(new Date(decidedAt)))),
    cell(...(reverse ? [named(button(sentence("reverse"), reverse), about)] : [])),
  ];
}

// Sends decisions about a list's entries, and shows the results.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { button, element } from "/static/elements.js";
import { cell, named, number, small } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { nameOf } from "/static/waiting/names.js";

/**
 * Runs `send` with disabled buttons, because a second press would decide twice. Returns true if the list may have
 * changed: the registry accepted the decision, or did not answer.
 * @param {string} panel @param {() => Promise<boolean>} send
 * @returns {Promise<boolean>}
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
 * Sends a decision to the registry, and returns the changed ids. Shows the reason of a refusal.
 * @param {string} path
 * @param {object} body
 * @returns {Promise<string[] | undefined>}
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
 * Shows the result. If another person was faster, fewer entries change than were sent.
 * @param {string} done
 * @param {number} changed
 * @param {number} sent
 */
export function tellChanged(done, changed, sent) {
  if (changed) toast(sentence(done, { count: number.format(changed) }), "good");
  if (changed < sent) toast(sentence("faster", { count: number.format(sent - changed) }), "bad");
}

/**
 * Reads a list. If a service refuses or does not answer, the list's panel says so. `read` returns the answer of a
 * service that refused.
 * @param {string} list @param {() => Promise<Response | undefined>} read
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

/** Returns a note, because the registry carries out a decision later. @param {boolean} isApplied @returns {Node[]} */
export function noteUntilApplied(isApplied) {
  return isApplied ? [] : [small(sentence("not_applied"))];
}

/**
 * Returns the cells of a decision: who decided, when, and a button that reverses the decision.
 * @param {string} account @param {string} decidedAt @param {string} about names the decision to a screen reader
 * @param {(() => void) | null} reverse null if the person may not decide
 */
export function decisionCells(account, decidedAt, about, reverse) {
  return [
    cell(nameOf(account), small(dayAndClock(new Date(decidedAt)))),
    cell(...(reverse ? [named(button(sentence("reverse"), reverse), about)] : [])),
  ];
}

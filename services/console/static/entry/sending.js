// Sends a form by a button or Ctrl+Enter, never twice at the same time. The browser warns a person who leaves the page
// with unsent changes.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { fail } from "/static/entry/refusals.js";
import { codeOf } from "/static/report-codes.js";
import { sentence } from "/static/texts.js";

/**
 * Sends the form on Ctrl+Enter, but not on Enter alone.
 * @param {HTMLFormElement} form
 * @param {() => unknown} send
 */
export function sendByKeyboard(form, send) {
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    send();
  });
  form.addEventListener("keydown", (pressed) => {
    if (pressed.key !== "Enter") return;
    if (pressed.ctrlKey || pressed.metaKey) {
      pressed.preventDefault();
      send();
    } else if (!pressed.defaultPrevented && pressed.target instanceof HTMLInputElement) pressed.preventDefault();
  });
}

/**
 * Sends the form, and shows a notice if no answer came. During the request, Ctrl+Enter does nothing, because a second
 * answer could come when the form already has the next report.
 * @param {HTMLFormElement} form @param {() => Promise<unknown>} send
 */
export async function sendOnce(form, send) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    await whileDisabled(form.querySelectorAll("button"), send, () => fail(sentence("away")));
  } finally {
    form.ariaBusy = null;
  }
}

/**
 * Disables the buttons during the action. Calls `unanswered` if no answer came.
 * @param {Iterable<HTMLButtonElement>} buttons @param {() => Promise<unknown>} act @param {() => unknown} unanswered
 */
export async function whileDisabled(buttons, act, unanswered) {
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    unanswered();
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/**
 * Sends the report. If the answer to an earlier version was lost, a changed form becomes the next version.
 * @param {string} path @param {{version: number}} report @param {() => object} body
 */
export async function sendReport(path, report, body) {
  const answer = await call("POST", path, body());
  if (answer.status !== 409) return answer;
  report.version += 1;
  return call("POST", path, body());
}

/**
 * @param {HTMLFormElement} form
 * @param {{areUnsent: boolean}} changes
 * @param {string} text
 */
export function showAnswer(form, changes, text) {
  fail("");
  changes.areUnsent = false;
  form.hidden = true;
  element("answer").hidden = false;
  element("answer-text").textContent = text;
}

/**
 * @param {HTMLFormElement} form
 * @param {{areUnsent: boolean}} changes
 * @param {string} text
 * @param {string} report
 */
export function showReported(form, changes, text, report) {
  showAnswer(form, changes, text);
  element("answer").dataset.report = report;
  element("answer-code").textContent = codeOf({ report_id: report });
  element("another").focus();
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} first
 */
export function showForm(form, first) {
  form.hidden = false;
  element("answer").hidden = true;
  for (const result of element("answer").querySelectorAll("p[role=status]")) result.textContent = "";
  first.focus();
}

/** @param {HTMLFormElement} form */
export function keepUnsent(form) {
  const changes = { areUnsent: false };
  form.addEventListener("input", () => {
    changes.areUnsent = true;
  });
  addEventListener("beforeunload", (leaving) => {
    if (changes.areUnsent) leaving.preventDefault();
  });
  return changes;
}

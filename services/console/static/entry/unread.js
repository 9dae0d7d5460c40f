// Reads a record for a form. If the record cannot be read, the page says why.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element, make } from "/static/elements.js";
import { sentence } from "/static/texts.js";

/**
 * Returns the record. If the record cannot be shown, the page says why, and the result is undefined.
 * @param {string} path
 */
export async function readOrTell(path) {
  try {
    const answer = await call("GET", path);
    if (answer.ok) return await answer.json();
    await showRefusal(answer);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    tell(sentence("away"));
  }
  return undefined;
}

/** @param {Response} answer */
async function showRefusal(answer) {
  const { text, body } = await problem(answer);
  if (answer.status === 404) return tell(sentence("absent"));
  tell(answer.status === 401 ? sentence("signed_out") : sentence("unread", { problem: text }));
  if (!String(body.type).endsWith("purpose-needed")) return;
  element("unread").replaceChildren(make("a", { href: "/purpose", textContent: sentence("purpose") }));
}

/** @param {string} text */
export function tell(text) {
  const unread = element("unread");
  unread.textContent = text;
  unread.hidden = false;
  unread.focus();
}

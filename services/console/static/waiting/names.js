// The names of accounts, and waiting times in words.

import { call } from "/static/calls.js";
import { now } from "/static/server-time.js";
import { sentence } from "/static/texts.js";

const MINUTE_MS = 60_000,
  HOUR = 60,
  DAY = 48 * HOUR;
const MOST = 500;
/** @type {Map<string, string>} */
const accounts = new Map();

/** Reads the names that the page does not know yet. @param {(string | null)[]} shown */
export async function learnNames(shown) {
  const unknown = [...new Set(shown)].filter((account) => account && !accounts.has(account)).slice(0, MOST);
  if (!unknown.length) return;
  const answer = await call("POST", "/v1/accounts:names", { accounts: unknown });
  if (answer.ok) for (const [account, name] of Object.entries((await answer.json()).names)) accounts.set(account, name);
}

/** @param {string | null} account */
export function nameOf(account) {
  return account ? (accounts.get(account) ?? account.slice(0, 8)) : "–";
}

/** Writes the time since the moment: in minutes, then in hours, and from two days on in days. @param {string} moment */
export function age(moment) {
  const minutes = Math.max(0, Math.floor((now().getTime() - Date.parse(moment)) / MINUTE_MS));
  if (minutes < HOUR) return sentence("minutes", { count: minutes });
  return minutes < DAY
    ? sentence("hours", { count: Math.floor(minutes / HOUR) })
    : sentence("whole_days", { count: Math.floor(minutes / HOUR / 24) });
}

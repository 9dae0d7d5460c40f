// Who reports from this phone.

import { account, device, keep, reports, setAccount } from "./kept.js";
import { post, sendWaiting } from "./outbox.js";
import { element, tell, texts } from "./page.js";

/** @param {SubmitEvent} event */
export async function signIn(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const name = String(data.get("name")).trim();
  const failure = await signedIn(name, String(data.get("password")));
  tell(element("sign-in-failed"), failure);
  element("first-password").hidden = failure !== texts.first;
  if (failure) return;
  /** @type {HTMLFormElement} */ (event.target).reset();
  adopt();
  void sendWaiting();
}

/** What went wrong, or nothing. @param {string} name @param {string} password */
async function signedIn(name, password) {
  try {
    const answer = await post("/v1/tokens", { name, password, device: device() });
    if (answer.ok) setAccount(begun(name, await answer.json(), Date.parse(answer.headers.get("date") ?? "")));
    return answer.ok ? "" : { 401: texts.password, 403: texts.first, 429: texts.often }[answer.status] ?? texts.away;
  } catch {
    return texts.away;
  }
}

/**
 * With the account's own name, however it was typed; and ending by this phone's clock, which may be months off.
 * @param {string} name
 * @param {{token: string, expires_at: string, name?: string}} told
 * @param {number} toldAt by the centre's clock
 */
function begun(name, told, toldAt) {
  const ahead = Date.now() - (toldAt || Date.now());
  return { name, ...told, expires_at: new Date(Date.parse(told.expires_at) + ahead).toISOString() };
}

/** Reports written before anybody signed in are of whoever signs in first. */
function adopt() {
  const name = account()?.name ?? "";
  for (const report of reports()) if (!report.account) keep({ ...report, account: name });
}

export function signOut() {
  setAccount(null);
}

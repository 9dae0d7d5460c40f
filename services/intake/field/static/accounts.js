// Who reports from this phone.

import { adoptDrafts } from "./drafts.js";
import { show } from "./form.js";
import { account, device, isOver, keep, reports, setAccount } from "./kept.js";
import { post, sendWaiting } from "./outbox.js";
import { element, tell, texts } from "./page.js";

const RENEW_MS = 12 * 3_600_000;

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
  show();
  void sendWaiting();
}

/** Who has just signed in by the centre's own page goes straight on: its session becomes this phone's sign-in. */
export async function takeSession() {
  if (!new URLSearchParams(location.search).has("signed-in")) return;
  history.replaceState(null, "", location.pathname);
  try {
    const answer = await post("/v1/session/device", { device: device() }, undefined, "same-origin");
    if (!answer.ok) return;
    const told = await answer.json();
    setAccount(begun(told.name, told, Date.parse(answer.headers.get("date") ?? "")));
    adopt();
    show();
  } catch {
    // the form's own sign-in is there
  }
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
  const expires_at = new Date(Date.parse(told.expires_at) + ahead).toISOString();
  return { name, ...told, expires_at, renewedAt: Date.now() };
}

/** Each contact makes the sign-in last another year. What the centre refuses here, the next report will show. */
export async function renew() {
  const known = account();
  if (!known || isOver(known) || Date.now() - (known.renewedAt ?? 0) < RENEW_MS) return;
  try {
    const answer = await post("/v1/session", {}, known.token);
    if (!answer.ok || account()?.token !== known.token) return;
    setAccount(begun(known.name, await answer.json(), Date.parse(answer.headers.get("date") ?? "")));
  } catch {
    // no signal: the next look tries again
  }
}

/** Reports written, and begun, before anybody signed in are of whoever signs in first. */
function adopt() {
  const name = account()?.name ?? "";
  adoptDrafts(name);
  for (const report of reports()) if (!report.account) keep({ ...report, account: name });
}

export function signOut() {
  setAccount(null);
}

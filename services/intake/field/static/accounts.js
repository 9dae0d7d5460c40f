// Signs an account in on this phone, renews the sign-in, and signs the account out.

import { adoptDrafts } from "./drafts.js";
import { element } from "./elements.js";
import { show } from "./form.js";
import { account, device, isOver, keep, reports, setAccount } from "./kept.js";
import { forgetAll } from "./sent-reports.js";
import { post, sendWaiting } from "./outbox.js";
import { tell } from "./page.js";
import { lock } from "./pin.js";
import { sentence } from "./texts.js";

const RENEW_MS = 12 * 3_600_000;

/** @param {SubmitEvent} event */
export async function signIn(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const name = String(data.get("name")).trim();
  const failure = await signedIn(name, String(data.get("password")));
  tell(element("sign-in-failed"), failure);
  element("first-password").hidden = failure !== sentence("first");
  if (failure) return;
  /** @type {HTMLFormElement} */ (event.target).reset();
  adopt();
  show();
  void sendWaiting();
}

/** Take over a sign-in that the author has made on the centre's sign-in page. */
export async function takeSession() {
  if (!new URLSearchParams(location.search).has("signed-in")) return;
  history.replaceState(null, "", location.pathname);
  try {
    const answer = await post("/v1/session/device", { device: device() }, undefined, "same-origin");
    if (!answer.ok) return;
    const session = await answer.json();
    setAccount(begun(session.name, session, Date.parse(answer.headers.get("date") ?? "")));
    adopt();
    show();
  } catch {
    // Without an answer of the centre, the form shows its own sign-in.
  }
}

/** Returns an error text, or an empty value. @param {string} name @param {string} password */
async function signedIn(name, password) {
  try {
    const answer = await post("/v1/tokens", { name, password, device: device() });
    if (answer.ok) setAccount(begun(name, await answer.json(), Date.parse(answer.headers.get("date") ?? "")));
    return answer.ok
      ? ""
      : ({ 401: sentence("password"), 403: sentence("first"), 429: sentence("often") }[answer.status] ??
          sentence("away"));
  } catch {
    return sentence("away");
  }
}

/**
 * Return the account to store. If the centre states the account's name, the centre's spelling is stored. The expiry is
 * converted to the time of this phone's clock, which may be wrong by months.
 * @param {string} name
 * @param {{token: string, expires_at: string, name?: string}} session
 * @param {number} answeredAt when the centre answered, by the centre's clock
 */
function begun(name, session, answeredAt) {
  const ahead = Date.now() - (answeredAt || Date.now());
  const expires_at = new Date(Date.parse(session.expires_at) + ahead).toISOString();
  return { name, ...session, expires_at, renewedAt: Date.now() };
}

/**
 * Renew the sign-in for another year, at most twice a day. If the centre refuses the renewal, the answer to the next
 * report shows the reason.
 */
export async function renew() {
  const known = account();
  if (!known || isOver(known) || Date.now() - (known.renewedAt ?? 0) < RENEW_MS) return;
  try {
    const answer = await post("/v1/session", {}, known.token);
    if (!answer.ok || account()?.token !== known.token) return;
    setAccount(begun(known.name, await answer.json(), Date.parse(answer.headers.get("date") ?? "")));
  } catch {
    // If the phone is offline, the next call of `renew` tries again.
  }
}

/** Give the reports and drafts without an account to the account that has signed in. */
function adopt() {
  const name = account()?.name ?? "";
  adoptDrafts(name);
  for (const report of reports()) if (!report.account) keep({ ...report, account: name });
}

export function signOut() {
  forgetAll();
  lock();
  setAccount(null);
}

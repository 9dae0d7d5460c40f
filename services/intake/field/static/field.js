// The field form: a report is kept on the phone first, then sent, and its answer is shown.

import { signIn, signOut } from "./accounts.js";
import { begin, listen, renewToday } from "./form.js";
import { CHANGED, changed, forgetOld } from "./kept.js";
import { show, showAccount } from "./list.js";
import { sendWaiting } from "./outbox.js";
import { element } from "./page.js";

const AGAIN_MS = 30_000;

listen();
element("sign-in").addEventListener("submit", (event) => void signIn(/** @type {SubmitEvent} */ (event)));
element("sign-out").addEventListener("click", signOut);
element("send-now").addEventListener("click", () => void sendWaiting());
addEventListener(CHANGED, show);
addEventListener("online", () => { show(); void sendWaiting(); });
addEventListener("offline", show);
document.addEventListener("visibilitychange", () => { changed(); look(); }); // a page that slept was not told what another tab did
setInterval(look, AGAIN_MS);
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/intake/field/worker.js", { scope: "/intake/field" });
void navigator.storage?.persist?.();
forgetOld();
begin(null);
show();
void sendWaiting();

/** What time alone changes. */
function look() {
  renewToday();
  showAccount();
  void sendWaiting();
}

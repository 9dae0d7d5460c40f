// The field form: a report is kept on the phone first, then sent, and its answer is shown.

import { renew, signIn, signOut, takeSession } from "./accounts.js";
import { listen, renewToday, resume } from "./form.js";
import { canKeep, CHANGED, changed, forgetOld } from "./kept.js";
import { show, showAccount } from "./list.js";
import { sendWaiting } from "./outbox.js";
import { element, tell, texts } from "./page.js";

const AGAIN_MS = 30_000;
const SCOPES = ["/intake/field", "/field"]; // the second is the address on the card

if (canKeep()) start();
else tell(element("opening"), texts.unkept);

function start() {
  listen();
  element("sign-in").addEventListener("submit", (event) => void signIn(/** @type {SubmitEvent} */ (event)));
  element("sign-out").addEventListener("click", signOut);
  element("send-now").addEventListener("click", () => void sendWaiting());
  addEventListener(CHANGED, show);
  addEventListener("online", () => { show(); void sendWaiting(); });
  addEventListener("offline", show);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) resume(); }); // what it holds may have been sent meanwhile
  document.addEventListener("visibilitychange", () => { changed(); look(); }); // a page that slept was not told what another tab did
  setInterval(look, AGAIN_MS);
  if ("serviceWorker" in navigator) for (const scope of SCOPES) void navigator.serviceWorker.register("/intake/field/worker.js", { scope });
  void navigator.storage?.persist?.();
  forgetOld();
  resume();
  show();
  element("opening").hidden = true;
  element("report").hidden = false;
  void takeSession().then(sendWaiting);
  void renew();
}

/** What time alone changes. */
function look() {
  renewToday();
  showAccount();
  void sendWaiting();
  void renew();
}

// The field form stores a report on the phone, sends the report, and shows the answer.

import { renew, signIn, signOut, takeSession } from "./accounts.js";
import { element } from "./elements.js";
import { listen, renewToday, resume } from "./form.js";
import { canKeep, CHANGED, changed, forgetOld } from "./kept.js";
import { show, showAccount } from "./list.js";
import { sendWaiting } from "./outbox.js";
import { tell } from "./page.js";
import { renewSites } from "./places.js";
import { askReceipts, askReceiptsNow } from "./receipts.js";
import { sentence } from "./texts.js";

const AGAIN_MS = 30_000;
const SCOPES = ["/intake/field", "/field"]; // the second scope is the printed address

if (canKeep()) start();
else tell(element("opening"), sentence("unkept"));

function start() {
  listen();
  element("sign-in").addEventListener("submit", (event) => void signIn(/** @type {SubmitEvent} */ (event)).then(renewSites));
  element("sign-out").addEventListener("click", signOut);
  element("send-now").addEventListener("click", () => void sendWaiting().then(askReceiptsNow));
  addEventListener(CHANGED, show);
  addEventListener("online", () => { show(); void sendWaiting().then(askReceiptsNow); });
  addEventListener("offline", show);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) resume(); }); // another tab may have sent the draft meanwhile
  document.addEventListener("visibilitychange", () => { changed(); look(document.hidden ? undefined : askReceiptsNow); }); // a suspended page gets no events of other tabs
  setInterval(() => look(document.hidden ? undefined : askReceipts), AGAIN_MS);
  if ("serviceWorker" in navigator) for (const scope of SCOPES) void navigator.serviceWorker.register("/intake/field/worker.js", { scope });
  void navigator.storage?.persist?.();
  forgetOld();
  resume();
  show();
  element("opening").hidden = true;
  element("report").hidden = false;
  void takeSession().then(sendWaiting).then(askReceipts).then(renewSites);
  void renew();
}

/** Update everything that changes with time. @param {() => Promise<void>} [ask] asks for receipts */
function look(ask) {
  renewToday();
  showAccount();
  void sendWaiting().then(ask).then(renewSites);
  void renew();
}

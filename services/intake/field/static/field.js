// The field form stores a report on the phone, sends the report, and shows the answer.

import { renew, signIn, signOut, takeSession } from "./accounts.js";
import { renewKey } from "./centre-key.js";
import "./clicks.js";
import { sealOldDrafts } from "./drafts.js";
import { element } from "./elements.js";
import { close, listen, renewToday, resume } from "./form.js";
import { canKeep, CHANGED, changed, forgetOld } from "./kept.js";
import { show, showAccount } from "./list.js";
import { retryUnopened, sealOld, sendWaiting } from "./outbox.js";
import { tell } from "./page.js";
import { listenToPin } from "./pin-panel.js";
import { hasPin } from "./pin.js";
import { renewSites } from "./places.js";
import { listenToReadiness, renewReadiness, saveMap, showReadiness } from "./readiness.js";
import { askReceipts, askReceiptsNow } from "./receipts.js";
import { listenToReversals } from "./reversals.js";
import { canSeal } from "./sealing.js";
import { sentence } from "./texts.js";

const AGAIN_MS = 30_000;
const HOUR_MS = 3_600_000;
const UNSEEN_MS = 5 * 60_000;
let hiddenAt = Infinity;

if (!canKeep()) tell(element("opening"), sentence("unkept"));
else if (canSeal()) start();
else refuse();

/** Without encryption, the form stores no reports, but still sends the reports of an earlier release. */
function refuse() {
  tell(element("opening"), sentence("unsealed"));
  element("send-now").addEventListener("click", () => void sendWaiting());
  addEventListener(CHANGED, show);
  setInterval(() => void sendWaiting(), AGAIN_MS);
  show();
  void sendWaiting();
}

function start() {
  listen();
  listenToPin();
  listenToReversals();
  element("sign-in").addEventListener(
    "submit",
    (event) => void signIn(/** @type {SubmitEvent} */ (event)).then(renewSites),
  );
  element("sign-out").addEventListener("click", signOut);
  element("send-now").addEventListener("click", () => {
    retryUnopened();
    void sendWaiting().then(askReceiptsNow);
  });
  addEventListener(CHANGED, show);
  addEventListener("online", () => {
    show();
    void sendWaiting().then(askReceiptsNow);
  });
  addEventListener("offline", show);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) resume();
  }); // while this page was suspended, another tab may have sent the draft
  document.addEventListener("visibilitychange", () => {
    leave();
    changed();
    if (!document.hidden) retryUnopened();
    look(document.hidden ? undefined : askReceiptsNow);
    if (!document.hidden) void showReadiness();
  }); // a suspended page has missed the changes by other tabs
  setInterval(() => look(document.hidden ? undefined : askReceipts), AGAIN_MS);
  setInterval(retryUnopened, HOUR_MS);
  listenToReadiness();
  void navigator.storage?.persist?.();
  forgetOld();
  resume();
  show();
  element("opening").hidden = true;
  sessionStorage.removeItem("dayar.opened-again");
  element("report").hidden = !hasPin();
  retryUnopened();
  void renewKey()
    .then(sealOld)
    .then(sealOldDrafts)
    .then(takeSession)
    .then(sendWaiting)
    .then(askReceipts)
    .then(renewSites)
    .then(saveMap);
  void renew();
}

/** Lock the page after some minutes in the background, because somebody else may have the phone. */
function leave() {
  if (!document.hidden && Date.now() - hiddenAt > UNSEEN_MS) close();
  hiddenAt = document.hidden ? Date.now() : Infinity;
}

/** @param {() => Promise<void>} [ask] asks for receipts */
function look(ask) {
  renewToday();
  showAccount();
  renewReadiness();
  void renewKey().then(sendWaiting).then(ask).then(renewSites);
  void renew();
}

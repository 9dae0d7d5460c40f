// Reads the page of an alert again after somebody else has changed the alert.

import { call } from "/static/calls.js";
import { isBusy, readAgain } from "/static/alert/alert.js";

const AGAIN_MS = 5000;

/** @type {EventSource | undefined} */
let stream;
let newest = 0;

// Only a visible page listens, because a browser opens only a few connections to a host at a time.
document.addEventListener("visibilitychange", listen);
document.addEventListener("may-be-old", catchUp);
listen();

function listen() {
  stream?.close();
  if (document.visibilityState === "hidden") return;
  const opened = (stream = new EventSource("/stream?topics=alerts"));
  opened.addEventListener("open", () => void compare());
  opened.addEventListener("alerts", ({ data }) => {
    heard(JSON.parse(data).data);
  });
  opened.addEventListener("reset", () => void compare());
  opened.addEventListener("error", () => {
    if (opened.readyState === EventSource.CLOSED && opened === stream) setTimeout(listen, AGAIN_MS);
  });
}

/** Compares the versions, because the alert may have changed before the page listened. */
async function compare() {
  const answer = await call("GET", `/alerts/v1/alerts/${shown()?.dataset.alert}?again`).catch(() => undefined);
  if (answer?.ok) heard(await answer.json());
}

/** @param {{ alert_id?: string, sequence?: number }} [alert] missing if the reader may not see the event */
function heard(alert) {
  if (!alert || alert.alert_id !== shown()?.dataset.alert) return;
  newest = Math.max(newest, alert.sequence ?? 0);
  catchUp();
}

/** Reads the newest version, except during the sending of a form, which ends with a read anyway. */
function catchUp() {
  if (!isBusy() && newest > Number(shown()?.dataset.sequence)) void readAgain();
}

function shown() {
  return /** @type {HTMLElement | null} */ (document.querySelector("article[data-alert]"));
}

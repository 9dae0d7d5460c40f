// The alarm on every page: a sound, the number of waiting alerts in the title, and browser notifications. The sound of
// Severe and Extreme alerts repeats. The sound of other alerts is played once.

import { call } from "./calls.js";
import { element, renewText } from "./elements.js";
import { heed } from "./server-time.js";
import { isBlocked, open, ring } from "./sound.js";
import { sentence } from "./texts.js";
import { clock } from "./time.js";

/** @typedef {{alert_id: string, severity: string, demand: string, level: number, name: string}} Ringing */
/** @typedef {{count: number, counts: Record<string, number>, alerts: Ringing[]}} State */

const ASK_MS = 10_000;
const RING_MS = 2500;
const MUTE_MS = 120_000;
const KEPT = 300;
const URGENT = ["Extreme", "Severe"];

const title = document.title;
/** @type {State} */
let state = { count: 0, counts: {}, alerts: [] };
let isFirst = true;
let isOurs = !("locks" in navigator); // only one page of a browser may play the sound
let isClaimed = isOurs;
let isOver = false;
/** @type {Map<string, Notification>} */
const notifications = new Map();

const isOn = () => localStorage.getItem("sound") !== "off";
const mutedUntil = () => Number(localStorage.getItem("muted-until") ?? 0);
const urgent = () => state.alerts.filter((alert) => URGENT.includes(alert.severity));

async function ask() {
  const answer = await call("GET", "/v1/ringing").catch(() => undefined); // the next request follows soon
  if (answer) heed(answer);
  const answered = answer?.ok ? await answer.json() : undefined;
  if (!answered || isOver) return; // after the session's end, the title says that the session has ended
  state = answered;
  document.title = (state.count ? `(${state.count}) ` : "") + title;
  const known = heard();
  const fresh = state.alerts.filter((alert) => !known.includes(nameOf(alert)));
  if (fresh.length && sounds()) void ring();
  if (!isFirst && document.hidden) for (const alert of fresh) notify(alert);
  takeOver();
  withdraw();
  localStorage.setItem("heard", JSON.stringify([...state.alerts.map(nameOf), ...known].slice(0, KEPT)));
  isFirst = false;
  show();
}

/** Returns a name with the level, so that an alert sounds again after an escalation. @param {Ringing} alert */
function nameOf(alert) {
  return `${alert.alert_id}/${alert.demand}/${alert.level}`;
}

/** @returns {string[]} */
function heard() {
  return JSON.parse(localStorage.getItem("heard") ?? "[]");
}

function sounds() {
  return isOn() && isOurs && !isOver && Date.now() >= mutedUntil();
}

/**
 * Shows a Severe or Extreme alert until a person closes the notification or acknowledges the alert.
 * @param {Ringing} alert
 */
function notify(alert) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const notification = new Notification(alert.name, {
    tag: alert.alert_id,
    requireInteraction: URGENT.includes(alert.severity),
  });
  // in a new tab, because this page may have unsent text
  notification.addEventListener("click", () => window.open(`/alerts/${alert.alert_id}`));
  notification.addEventListener("close", () => {
    if (notifications.get(alert.alert_id) === notification) notifications.delete(alert.alert_id);
  });
  notifications.set(alert.alert_id, notification);
}

/** False if there are too many alerts: the server then lists only the most severe. */
const isWhole = () => state.alerts.length === state.count;

/** Shows the notifications of a closed page again. Only the page that shows a notification can withdraw it. */
function takeOver() {
  const alerts = left();
  for (const alert of urgent()) if (alerts.includes(alert.alert_id)) notify(alert);
  keep(isWhole() ? [] : alerts.filter((alert) => !state.alerts.some(({ alert_id }) => alert_id === alert)));
}

/** @returns {string[]} */
function left() {
  return JSON.parse(localStorage.getItem("left-notifications") ?? "[]");
}

/** @param {string[]} alerts */
function keep(alerts) {
  localStorage.setItem("left-notifications", JSON.stringify(alerts.slice(0, KEPT)));
}

function leave() {
  keep([...left(), ...notifications.keys()]);
  for (const notification of notifications.values()) notification.close();
  notifications.clear();
}

/** Closes the notifications of alerts that no longer demand anything. */
function withdraw() {
  if (!isWhole()) return;
  for (const [alert, notification] of notifications) {
    if (state.alerts.some(({ alert_id }) => alert_id === alert)) continue;
    notification.close();
    notifications.delete(alert);
  }
}

function show() {
  const waiting = urgent();
  const isMuted = Date.now() < mutedUntil();
  element("sound").setAttribute("aria-pressed", String(isOn()));
  // `toggleAttribute` leaves an equal attribute alone; `hidden = …` would make the browser compute the styles again
  element("sound-blocked").toggleAttribute("hidden", !isOn() || !isBlocked() || isOver);
  element("ringing").toggleAttribute("hidden", waiting.length === 0 || isOver);
  renewText(
    element("ringing-text"),
    sentence("ringing", {
      alerts:
        waiting
          .slice(0, 2)
          .map((alert) => alert.name)
          .join("; ") + (waiting.length > 2 ? ` +${waiting.length - 2}` : ""),
    }),
  );
  const mute = /** @type {HTMLButtonElement} */ (element("sound-mute"));
  mute.toggleAttribute("hidden", !isOn());
  mute.disabled = isMuted;
  renewText(mute.firstChild, isMuted ? sentence("muted", { time: clock(new Date(mutedUntil())) }) : sentence("mute"));
}

/** Opens the sound, which browsers allow only after an input, or with a setting at their start (docs/board.md). */
async function allow() {
  await open();
  show();
}

/** Asks for the lock. A page with a blocked sound does not ask, so that another page can play the sound. */
function claim() {
  if (!isClaimed)
    void navigator.locks.request("alarm", () => {
      isOurs = true;
      return new Promise(() => {});
    });
  isClaimed = true;
  show();
}

function toggle() {
  localStorage.setItem("sound", isOn() && !isBlocked() ? "off" : "on");
  if (isOn() && "Notification" in window && Notification.permission === "default")
    void Notification.requestPermission();
  void allow().then(() => {
    if (sounds()) void ring();
  });
}

function mute() {
  localStorage.setItem("muted-until", String(Date.now() + MUTE_MS));
  show();
}

element("sound").addEventListener("click", toggle);
element("sound-allow").addEventListener("click", () => void allow());
element("sound-mute").addEventListener("click", mute);
for (const kind of ["pointerdown", "keydown"])
  addEventListener(
    kind,
    () => {
      if (isOn() && isBlocked()) void allow();
    },
    { passive: true },
  );
addEventListener("keydown", (event) => {
  const isTyping =
    event.target instanceof HTMLInputElement ||
    event.target instanceof HTMLTextAreaElement ||
    event.target instanceof HTMLSelectElement;
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.code === "KeyS") void (isBlocked() ? allow() : toggle());
  if (event.code === "KeyM" && !element("ringing").hidden) mute();
});
document.addEventListener("alerts-changed", () => void ask());
addEventListener("pagehide", leave);
document.addEventListener("sound-allowed", claim);
document.addEventListener("session-ended", () => {
  isOver = true;
  show();
});
setInterval(ask, ASK_MS);
setInterval(() => {
  if (urgent().length && sounds()) void ring();
  show();
}, RING_MS);
void allow();
void ask();

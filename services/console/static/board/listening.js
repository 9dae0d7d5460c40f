// Listens to the event stream, shows the state of the connection, and reconnects when it is lost.

import { call } from "/static/calls.js";
import { clock } from "/static/time.js";
import { ended, say } from "/static/link.js";
import { now } from "/static/server-time.js";

const SILENCE_MS = 40_000; // the stream sends every 15 s or more often, so this silence means a lost connection
const LOOK_MS = 5000;
const AGAIN_MS = 2000;

let position = /** @type {HTMLElement | null} */ (document.querySelector("[data-vector]"))?.dataset.vector ?? "";
let heard = Date.now();
let newest = now();
/**
 * `liveAt` is when the newest data of the stream came. `lostAt` is when the last data before the newest loss came. Both
 * times are values of `performance.now()`, because this clock never jumps.
 */
let [liveAt, lostAt] = [performance.now(), -Infinity];
let isLost = false;
/** @type {EventSource | undefined} */
let stream;

export function stand() {
  return position;
}

/**
 * @param {string} position
 * @param {string} other
 */
export function contains(position, other) {
  const [own, wanted] = [decoded(position), decoded(other)];
  return Object.entries(wanted).every(([topic, offsets]) =>
    offsets.every((offset, partition) => offset <= (own[topic]?.[partition] ?? 0)),
  );
}

/** @param {string} position @returns {Record<string, number[]>} */
function decoded(position) {
  return position ? JSON.parse(atob(position.replaceAll("-", "+").replaceAll("_", "/"))) : {};
}

/** As `performance.now()`: when the page last heard the stream before the newest loss of the connection. */
export function heardBeforeLoss() {
  return lostAt;
}

/** 0 while the page is connected. */
export function lostForMs() {
  return isLost ? performance.now() - lostAt : 0;
}

/**
 * @param {string[]} topics
 * @param {(topics: string[], data?: Record<string, any>) => void} changed `data` is the event's data, or undefined if
 *   the page may have missed events
 */
export function listen(topics, changed) {
  open();
  // An EventSource does not detect a connection that was cut without a close.
  setInterval(() => {
    if (stream && Date.now() - heard > SILENCE_MS) open();
  }, LOOK_MS);
  // The browser reports at once that the computer has lost its network, or has a network again.
  addEventListener("offline", open);
  addEventListener("online", open);

  function open() {
    if (stream) lost();
    stream?.close();
    heard = Date.now();
    stream = new EventSource(`/stream?topics=${topics.join(",")}&from=${position}`);
    stream.addEventListener("open", () => live());
    stream.addEventListener("error", failed);
    stream.addEventListener("beat", live);
    stream.addEventListener("stalled", stalled);
    for (const topic of topics)
      stream.addEventListener(topic, (event) => {
        live(event);
        changed([topic], JSON.parse(event.data).data ?? {});
      });
    stream.addEventListener("reset", (event) => {
      live(event);
      changed(topics);
    });
  }

  /** The browser does not reconnect after a refusal. This function asks for the reason and reopens. */
  function failed() {
    lost();
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = undefined;
    void call("POST", "/v1/session").then(
      (answer) => {
        if (answer.status === 401) return ended();
        setTimeout(open, AGAIN_MS);
      },
      () => setTimeout(open, AGAIN_MS),
    );
  }
}

/** @param {MessageEvent} [event] */
function live(event) {
  if (event?.lastEventId) position = event.lastEventId;
  heard = Date.now();
  newest = now();
  liveAt = performance.now();
  isLost = false;
  say("live");
}

/** The server answers, but gets no events itself. */
function stalled() {
  heard = Date.now();
  lost();
}

function lost() {
  lostAt = liveAt;
  isLost = true;
  say("lost", { time: clock(newest) });
}

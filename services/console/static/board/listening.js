// Listens to the event stream, shows whether the page is connected, and connects again after a loss.

import { call } from "/static/calls.js";
import { clock } from "/static/time.js";
import { ended, say } from "/static/link.js";
import { now } from "/static/server-time.js";

const SILENCE_MS = 40_000; // the stream sends at least every 15 s, so after this silence the connection is lost
const LOOK_MS = 5000;
const AGAIN_MS = 2000;

let position = /** @type {HTMLElement | null} */ (document.querySelector("[data-vector]"))?.dataset.vector ?? "";
let heard = Date.now();
let newest = now();
/**
 * `liveAt`: when the stream's newest data came. `lostAt`: when the last data before the newest loss came.
 *
 * Both times are values of `performance.now()`, which never jumps.
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

/** Returns when the page last heard the stream before the newest loss, as a value of `performance.now()`. */
export function heardBeforeLoss() {
  return lostAt;
}

/** Returns for how long the connection is lost, and 0 while the page is connected. */
export function lostForMs() {
  return isLost ? performance.now() - lostAt : 0;
}

/**
 * @param {string[]} topics
 * @param {(topics: string[], data?: Record<string, any>) => void} changed gets no data if the page may have missed
 *   events
 */
export function listen(topics, changed) {
  open();
  // An EventSource does not notice a connection that was cut without being closed.
  setInterval(() => {
    if (stream && Date.now() - heard > SILENCE_MS) open();
  }, LOOK_MS);
  // The browser knows at once that the computer has lost or regained its network.
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

  /** Asks the server why it has refused the stream, and connects again. After a refusal, the browser does not do so. */
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

/** Counts the connection as lost, because the server answers but gets no events itself. */
function stalled() {
  heard = Date.now();
  lost();
}

function lost() {
  lostAt = liveAt;
  isLost = true;
  say("lost", { time: clock(newest) });
}

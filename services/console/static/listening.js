// The board's ear: hears the stream, says whether the line lives, and listens anew where it does not.

import { call } from "/static/calls.js";
import { clock } from "/static/clock.js";
import { element } from "/static/elements.js";
import { ended, say } from "/static/link.js";

const SILENCE_MS = 40_000; // the stream says something every 15 s: longer than this is no connection
const LOOK_MS = 5000;
const AGAIN_MS = 2000;

let position = element("board").dataset.vector ?? "";
let heard = Date.now();
let newest = new Date();
/** @type {EventSource | undefined} */
let stream;

/** Where on the log the page stands. */
export function stand() {
  return position;
}

/**
 * @param {string[]} topics
 * @param {(topics: string[]) => void} changed
 */
export function listen(topics, changed) {
  open();
  // An EventSource does not notice a line that was cut in silence.
  setInterval(() => {
    if (stream && Date.now() - heard > SILENCE_MS) open();
  }, LOOK_MS);

  function open() {
    if (stream) lost();
    stream?.close();
    heard = Date.now();
    stream = new EventSource(`/stream?topics=${topics.join(",")}&from=${position}`);
    stream.addEventListener("open", () => live());
    stream.addEventListener("error", failed);
    stream.addEventListener("beat", live);
    for (const topic of topics) stream.addEventListener(topic, (event) => { live(event); changed([topic]); });
    stream.addEventListener("reset", (event) => { live(event); changed(topics); });
  }

  /** The browser itself tries again, unless the server refused. */
  function failed() {
    lost();
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = undefined;
    void call("POST", "/v1/session").then((answer) => {
      if (answer.status === 401) return ended();
      setTimeout(open, AGAIN_MS);
    }, () => setTimeout(open, AGAIN_MS));
  }
}

/** @param {MessageEvent} [event] */
function live(event) {
  if (event?.lastEventId) position = event.lastEventId;
  heard = Date.now();
  newest = new Date();
  say("live");
}

function lost() {
  say("lost", { time: clock(newest) });
}

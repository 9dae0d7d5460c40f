// The time of the server. Alerts escalate by the server's clock, and a screen's computer can be minutes wrong.

const TOLERATED_MS = 2000; // an answer states whole seconds, and takes some time
let aheadMs = 0;

/** @param {Response} answer */
export function heed(answer) {
  const differenceMs = Date.parse(answer.headers.get("date") ?? "") - Date.now();
  aheadMs = Math.abs(differenceMs) > TOLERATED_MS ? differenceMs : 0; // without the header, the computer's time is used
}

/** Until an answer has stated the server's time, the computer's clock is used. */
export function now() {
  return new Date(Date.now() + aheadMs);
}

// The server's time. Alerts escalate by the server's clock, and the clock of a screen's computer may be minutes wrong.

const TOLERATED_MS = 2000; // an answer states whole seconds, and takes time to arrive
let aheadMs = 0;

/** @param {Response} answer */
export function heed(answer) {
  const differenceMs = Date.parse(answer.headers.get("date") ?? "") - Date.now();
  aheadMs = Math.abs(differenceMs) > TOLERATED_MS ? differenceMs : 0; // without the header: the computer's clock
}

/** Returns the server's time. Before the first answer, returns the computer's time. */
export function now() {
  return new Date(Date.now() + aheadMs);
}

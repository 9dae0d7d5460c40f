// The wait after wrong PINs. Only time with an open page of the form counts, measured by a clock that nobody can set.
// The phone's own clock gives no protection, because a thief can change the clock. Each page of the form stores how
// much of the wait has passed.

import { uuid } from "./uuid.js";

/**
 * @typedef {{count: number, attempt?: string}} Failures `attempt` is the id of the last try; an earlier release stored
 *   none
 */

// Wrong PINs are counted for each key pair. The right PIN of one pair must not end the wait of another pair.
const FAILURES = "dayar.pin.failures";
// the milliseconds waited after each attempt; without the prefix `dayar.`, other tabs ignore changes of this key
const WAITED = "dayar-pin-waited";
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 30_000,
  LONGEST_WAIT_MS = 3_600_000;
const EVERY_MS = 5_000;
/** @type {Map<string, {since: number, waited: number}>} */
const seen = new Map(); // the time when this page first saw each attempt, by a clock that nobody can set

export function countWaits() {
  keepWaits();
  setInterval(keepWaits, EVERY_MS);
}

/** Return the seconds until the next try. Each wrong PIN doubles the wait. @param {string} id of the key pair */
export function secondsToWait(id) {
  return Math.ceil(remaining(id, all()[id]) / 1000);
}

/** @param {string} id */
export function countTry(id) {
  const failures = all();
  store({ ...failures, [id]: { count: (failures[id]?.count ?? 0) + 1, attempt: uuid() } });
  keepWaits();
}

/** @param {string} id */
export function forgetTries(id) {
  const { [id]: _, ...others } = all();
  store(others);
}

/** @param {string} id @param {Failures} [failed] */
function remaining(id, failed) {
  return failed ? Math.max(0, pauseAfter(failed.count) - waited(failed.attempt ?? id)) : 0;
}

/** @param {number} count */
function pauseAfter(count) {
  return count < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - FREE_TRIES));
}

/**
 * Return how many milliseconds pages have been open since the attempt. A page reads the stored time once, when it first
 * sees the attempt, and adds only its own time. Two open pages therefore never count the same time twice.
 * @param {string} attempt
 */
function waited(attempt) {
  const stored = allWaited()[attempt] ?? 0;
  const from = seen.get(attempt) ?? { since: performance.now(), waited: stored };
  seen.set(attempt, from);
  return Math.max(stored, from.waited + performance.now() - from.since);
}

/** Store the waited time. A reload then continues the wait. */
function keepWaits() {
  const waits = Object.entries(all())
    .filter(([, { count }]) => pauseAfter(count))
    .map(([id, { count, attempt = id }]) => [attempt, Math.floor(Math.min(pauseAfter(count), waited(attempt)))]);
  const text = JSON.stringify(Object.fromEntries(waits));
  if (text === (localStorage.getItem(WAITED) ?? "{}")) return;
  try {
    localStorage.setItem(WAITED, text);
  } catch {
    // On a full phone, a reload starts the wait from the beginning.
  }
}

/** @returns {Record<string, Failures>} */
function all() {
  return JSON.parse(localStorage.getItem(FAILURES) ?? "{}");
}

/** @returns {Record<string, number>} */
function allWaited() {
  return JSON.parse(localStorage.getItem(WAITED) ?? "{}");
}

/** @param {Record<string, Failures>} failures */
function store(failures) {
  localStorage.setItem(FAILURES, JSON.stringify(failures));
}

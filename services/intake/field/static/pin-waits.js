// The wait after wrong PINs. Only the time while a page of the form is open counts. A person who has the phone can set
// the phone's clock, also before a reload. Each page stores only the time that has passed since the last try.

import { uuid } from "./uuid.js";

/**
 * @typedef {{count: number, attempt?: string}} Failures `attempt` is the id of the last try; an earlier release stored
 *   none
 */

// wrong PINs are stored by key pair, so that the right PIN of one pair does not end the wait of another pair
const FAILURES = "dayar.pin.failures";
const WAITED = "dayar-pin-waited"; // milliseconds of waiting since each attempt; a change does not update other tabs
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 30_000,
  LONGEST_WAIT_MS = 3_600_000;
const EVERY_MS = 5_000;
/** @type {Map<string, {since: number, waited: number}>} */
const seen = new Map(); // when this page first saw each attempt, by a clock that nobody can set

export function countWaits() {
  keepWaits();
  setInterval(keepWaits, EVERY_MS);
}

/** The seconds until the next try, which double with each wrong PIN. @param {string} id of the key pair */
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
 * The milliseconds since the attempt during which a page was open. A page adds only its own time to the time that other
 * pages had stored before. Two pages therefore never count the same time twice.
 * @param {string} attempt
 */
function waited(attempt) {
  const stored = allWaited()[attempt] ?? 0;
  const from = seen.get(attempt) ?? { since: performance.now(), waited: stored };
  seen.set(attempt, from);
  return Math.max(stored, from.waited + performance.now() - from.since);
}

/** Waits are stored, so that a reload does not begin a wait again. */
function keepWaits() {
  const waits = Object.entries(all())
    .filter(([, { count }]) => pauseAfter(count))
    .map(([id, { count, attempt = id }]) => [attempt, Math.floor(Math.min(pauseAfter(count), waited(attempt)))]);
  const text = JSON.stringify(Object.fromEntries(waits));
  if (text === (localStorage.getItem(WAITED) ?? "{}")) return;
  try {
    localStorage.setItem(WAITED, text);
  } catch {
    // on a full phone, a reload begins the wait again
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

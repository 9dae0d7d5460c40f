// Reads data again after each change, but never twice at the same time.

const AGAIN_MS = 1500;

/**
 * Returns a function that calls `read`. Calls during a reading lead to exactly one more reading, after at least
 * `quietMs`.
 * @param {() => Promise<void>} read
 * @param {number} quietMs
 */
export function renewal(read, quietMs) {
  let [isDue, isBusy] = [false, false];
  return async function renew() {
    isDue = true;
    if (isBusy) return;
    isBusy = true;
    while (isDue) {
      isDue = false;
      await read().catch(() => {
        setTimeout(renew, AGAIN_MS);
      });
      await new Promise((resolve) => setTimeout(resolve, quietMs));
    }
    isBusy = false;
  };
}

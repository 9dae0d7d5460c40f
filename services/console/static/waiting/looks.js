// After a decision, the page reads the list again at these times, because the registry carries decisions out later.

const LOOKS_MS = [1500, 5000, 15_000]; // the registry needs more time while many reports arrive

/** @param {() => unknown} read */
export function lookAgain(read) {
  for (const after of LOOKS_MS) setTimeout(() => void read(), after);
}

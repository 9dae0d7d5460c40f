// Reads the list again at certain times after a decision, because the registry carries out decisions later.

const LOOKS_MS = [1500, 5000, 15_000]; // long enough for the registry when many reports arrive

/** @param {() => unknown} read */
export function lookAgain(read) {
  for (const after of LOOKS_MS) setTimeout(() => void read(), after);
}

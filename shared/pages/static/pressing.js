// Delays changes of a page until nobody presses a button. An element gets no click if a page replaces it between the
// press and the release. A change that nobody has asked for also waits while the pointer moves towards a button.

// a longer press is ignored: the event for its end may never come, and the page must continue
const LONGEST_MS = 10_000;
const STILL_MS = 300; // a pointer at rest for this time is not on its way to a button
const LONGEST_WAY_MS = 2000; // the longest wait for a moving pointer

/** @type {Promise<void>} */
let nothingPressed = Promise.resolve();
/** @type {(() => void) | undefined} */
let release;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let longest;
let movedAt = -Infinity;

/** Resolves when no mouse button and no finger is pressed. */
export function released() {
  return nothingPressed;
}

/** Resolves when nothing is pressed, and the pointer rests or has moved for a long time. */
export async function rested() {
  const beganAt = performance.now();
  for (;;) {
    await released();
    const leftMs = Math.min(movedAt + STILL_MS, beganAt + LONGEST_WAY_MS) - performance.now();
    if (leftMs <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, leftMs));
  }
}

/** @param {PointerEvent} event */
function press({ button }) {
  if (button !== 0 || release) return;
  nothingPressed = new Promise((resolve) => {
    release = resolve;
  });
  longest = setTimeout(free, LONGEST_MS);
}

function free() {
  clearTimeout(longest);
  release?.();
  release = undefined;
}

addEventListener(
  "pointermove",
  () => {
    movedAt = performance.now();
  },
  { capture: true, passive: true },
);
addEventListener("pointerdown", press, { capture: true, passive: true });
// after the click, which follows this event
addEventListener("pointerup", () => setTimeout(free), { capture: true, passive: true });
addEventListener("pointercancel", free, { capture: true, passive: true });
// the window's own loss of focus; events of elements do not reach this listener
addEventListener("blur", free);

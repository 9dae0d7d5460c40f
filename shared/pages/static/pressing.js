// An element that is replaced between the press and the release of a button gets no click. A page therefore replaces
// elements only when nothing is pressed. If nobody has asked for the change, the page also waits while the pointer is
// on its way to a button.

// a press never takes longer; with this limit, the page continues even if the event that ends a press never comes
const LONGEST_MS = 10_000;
const STILL_MS = 300; // a pointer that rests for this time is not on its way
const LONGEST_WAY_MS = 2000; // the longest wait for a pointer that keeps moving

/** @type {Promise<void>} */
let nothingPressed = Promise.resolve();
/** @type {(() => void) | undefined} */
let release;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let longest;
let movedAt = -Infinity;

/** No button of the mouse and no finger is pressed. */
export function released() {
  return nothingPressed;
}

/** Also waits until the pointer has come to rest or has moved for long. */
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
// the click comes after this event
addEventListener("pointerup", () => setTimeout(free), { capture: true, passive: true });
addEventListener("pointercancel", free, { capture: true, passive: true });
// The window has lost the focus: the event of an element does not reach the window.
addEventListener("blur", free);

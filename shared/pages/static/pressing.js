// An element that is replaced between the press and the release of a button gets no click. So a page waits until nothing is pressed.

const LONGEST_MS = 10_000; // nobody presses longer for a click, and a page must not stand still if the event of the release never comes

/** @type {Promise<void>} */
let nothingPressed = Promise.resolve();
/** @type {(() => void) | undefined} */
let release;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let longest;

/** Resolves when no button of the mouse and no finger is pressed. */
export function released() {
  return nothingPressed;
}

/** @param {PointerEvent} event */
function press({ button }) {
  if (button !== 0 || release) return;
  nothingPressed = new Promise((resolve) => { release = resolve; });
  longest = setTimeout(free, LONGEST_MS);
}

function free() {
  clearTimeout(longest);
  release?.();
  release = undefined;
}

addEventListener("pointerdown", press, { capture: true, passive: true });
addEventListener("pointerup", () => setTimeout(free), { capture: true, passive: true }); // the click comes after this event
addEventListener("pointercancel", free, { capture: true, passive: true });
addEventListener("blur", free); // of the window: the blur of an element, which each press can cause, does not bubble

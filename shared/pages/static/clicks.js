// Protects against clicks on the wrong button. A button that has just appeared under the pointer ignores the click,
// because the person cannot have aimed at it. The second click of a double click does nothing.

import { sentence } from "./texts.js";
import { toast } from "./toasts.js";

const NOTICED_MS = 500; // people need this time to see a new button and to press it
const NEAR_PX = 24; // the two presses of a double click are at most this far apart
const SCROLLED_MS = 500; // after a turn of the wheel, a page scrolls for this time
const CONTROLS = "button, a[href], summary, label, input, select";
const ACTING = "button:not(.maplibregl-map *)"; // on these, a double click acts once; buttons of the map zoom twice
const GUARDED = `${ACTING}, [data-select]`; // these act only if the person can have seen them

/**
 * @type {{x: number, y: number, at: number, control?: Element | null}} the pointer's latest position; `control` is
 *   missing if the element there is not known
 */
let last = { x: 0, y: 0, at: -Infinity };
/**
 * @type {{x: number, y: number, at: number, former?: Element | null}} where and when the control under the pointer
 *   changed; `former` is the control before the change
 */
let changed = { x: 0, y: 0, at: -Infinity };
/** The row under the pointer, and the time when the pointer came to the row. */
let hovered = { row: "", at: -Infinity };
let moved = { x: NaN, y: NaN };
/** @type {Element | null} the control of the latest press, until a key acts */
let pressed = null;
let wheelAt = -Infinity;
let isTooEarly = false;
/** True if a click of the series has acted. A series consists of quick clicks at one place. */
let hasActed = false;

/** @param {EventTarget | null} target */
function controlOf(target) {
  return target instanceof Element ? target.closest(CONTROLS) : null;
}

/**
 * Notes the control under the pointer, which can also change while the pointer rests.
 * @param {PointerEvent} event
 */
function look({ clientX, clientY, pointerType, target }) {
  const now = performance.now();
  // a finger is not on the page between two taps, so the control before the tap is not known
  const isFollowed = pointerType !== "touch" || now - last.at < NOTICED_MS;
  if (
    last.control !== undefined &&
    isFollowed &&
    !isSame(last.control, controlOf(document.elementFromPoint(last.x, last.y)))
  ) {
    changed = { x: last.x, y: last.y, at: now, former: last.control };
  }
  last = { x: clientX, y: clientY, at: now, control: controlOf(target) };
  const row = target instanceof Element ? (target.closest("[data-key]")?.getAttribute("data-key") ?? "") : "";
  if (row !== hovered.row) hovered = { row, at: now };
}

/**
 * True if both elements are the same button. After a redrawing, the button is a new element.
 * @param {Element | null} before
 * @param {Element | null} now
 */
function isSame(before, now) {
  return (
    before === now ||
    (before instanceof HTMLElement &&
      now instanceof HTMLElement &&
      nameOf(before) !== "" &&
      meaningOf(before) === meaningOf(now))
  );
}

/** Returns the id. Without an id, returns the text and the row's key. @param {HTMLElement} control */
function nameOf(control) {
  const row = /** @type {HTMLElement | null} */ (control.closest("[data-key], [data-id]"))?.dataset;
  return control.id || (row ? `${control.textContent} ${row.key ?? row.id}` : "");
}

/** @param {HTMLElement} control */
function meaningOf(control) {
  const { method, path } = control.closest("form")?.dataset ?? {};
  const { act, alert } = control.dataset;
  return [nameOf(control), act, alert, control.getAttribute("href"), method, path].join(" ");
}

/** @param {PointerEvent} event */
function press(event) {
  look(event);
  const since = performance.now() - NOTICED_MS;
  const control = controlOf(event.target);
  const isNear = Math.hypot(event.clientX - changed.x, event.clientY - changed.y) < NEAR_PX;
  // known: the control was here before the change, or the person has pressed it before
  const isKnown = isSame(changed.former ?? null, control) || isSame(pressed, control);
  const isOther = isNear && changed.at > since && !isKnown;
  isTooEarly = isOther || (isSeenOnHover(event, control) && hovered.at > since);
  if (!isTooEarly) pressed = control;
}

/**
 * True if the control appeared only because the pointer came to its row. The press of a screen reader always counts: it
 * follows the focus, or comes without a movement of the pointer. A finger never hovers before its press.
 * @param {PointerEvent} event
 * @param {Element | null} control
 */
function isSeenOnHover({ pointerType, clientX, clientY }, control) {
  const hasMoved = Math.hypot(clientX - moved.x, clientY - moved.y) < NEAR_PX;
  const hasFocus = control?.closest("[data-key]")?.matches(":focus-within"); // a row with the focus shows the control
  return Boolean(control?.hasAttribute("data-seen-on-hover") && pointerType !== "touch" && hasMoved && !hasFocus);
}

/** @param {MouseEvent} event */
function check(event) {
  if (event.detail === 0) return; // no press of a pointer: the click comes from a key, a screen reader or a script
  if (event.detail === 1) hasActed = false;
  const wasTooEarly = isTooEarly;
  isTooEarly = false; // a screen reader clicks without a press
  const control = controlOf(event.target);
  if (!control) return;
  if (!((wasTooEarly && control.matches(GUARDED)) || (event.detail > 1 && control.matches(ACTING)))) {
    hasActed ||= control.matches(ACTING);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  // no message after a click that has acted
  if (!hasActed) toast(sentence("pressed_too_early"), "bad", undefined, control.closest("dialog"));
}

/** @param {KeyboardEvent} event */
function checkKey(event) {
  if (event.target instanceof Element && !event.target.matches("input, textarea, select")) pressed = null;
  // a key that is held down counts as one press
  if (event.repeat && event.key === "Enter" && controlOf(event.target)?.matches(ACTING)) event.preventDefault();
}

addEventListener("pointerover", look, { capture: true, passive: true });
addEventListener(
  "pointermove",
  ({ clientX, clientY }) => {
    [last.x, last.y, last.at] = [clientX, clientY, performance.now()];
    moved = { x: clientX, y: clientY };
  },
  { capture: true, passive: true },
);
addEventListener("pointerdown", press, { capture: true, passive: true });
addEventListener(
  "pointercancel",
  () => {
    last.control = undefined;
  },
  { capture: true, passive: true },
); // a finger has scrolled the page
addEventListener(
  "wheel",
  () => {
    wheelAt = performance.now();
  },
  { capture: true, passive: true },
);
addEventListener(
  "scroll",
  () => {
    if (performance.now() - wheelAt < SCROLLED_MS) last.control = undefined;
  },
  { capture: true, passive: true },
);
addEventListener("click", check, { capture: true });
addEventListener("keydown", checkKey, { capture: true });

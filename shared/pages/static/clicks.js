// A click acts only on a button at which the person could aim. A button that the page has just put under the pointer
// ignores the click. The second click of a double click never acts again.

import { sentence } from "./texts.js";
import { toast } from "./toasts.js";

const NOTICED_MS = 500; // people need at least this time to see a new button and press it
const NEAR_PX = 24; // the second press of a hand or finger can be this far from the first
const SCROLLED_MS = 500; // a page scrolls on for this time after the wheel was turned
const CONTROLS = "button, a[href], summary, label, input, select";
const ACTING = "button:not(.maplibregl-map *)"; // a double click acts once, except on buttons of the map, which zoom
const GUARDED = `${ACTING}, [data-select]`; // these elements act only if the person has seen them

/**
 * @type {{x: number, y: number, at: number, control?: Element | null}} the latest position of the pointer; without
 *   `control`, the element at this position is not known
 */
let last = { x: 0, y: 0, at: -Infinity };
/**
 * @type {{x: number, y: number, at: number, former?: Element | null}} where and when another control came under the
 *   pointer; `former` is the control that was there before
 */
let changed = { x: 0, y: 0, at: -Infinity };
/** The pointer came to this row at this time. */
let hovered = { row: "", at: -Infinity };
let moved = { x: NaN, y: NaN };
/** @type {Element | null} the control that the person pressed last, if no key has acted since */
let pressed = null;
let wheelAt = -Infinity;
let isTooEarly = false;
/** A series consists of quick clicks at one place. */
let hasActed = false;

/** @param {EventTarget | null} target */
function controlOf(target) {
  return target instanceof Element ? target.closest(CONTROLS) : null;
}

/**
 * Another control can come under a resting pointer. Browsers send an event for this.
 * @param {PointerEvent} event
 */
function look({ clientX, clientY, pointerType, target }) {
  const now = performance.now();
  // between two taps, no finger is on the page
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
 * After a redrawing, the same button is a new element.
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

/** The id or, without an id, the text and the row. @param {HTMLElement} control */
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
  // the same control was here before, or the person has pressed this control before
  const isKnown = isSame(changed.former ?? null, control) || isSame(pressed, control);
  const isOther = isNear && changed.at > since && !isKnown;
  isTooEarly = isOther || (isSeenOnHover(event, control) && hovered.at > since);
  if (!isTooEarly) pressed = control;
}

/**
 * True if the control appeared only because the pointer came to the row. A screen reader's press counts at once: it
 * follows the focus, or no movement of the pointer comes before it. Before a finger's
 * press, no pointer hovers.
 * @param {PointerEvent} event
 * @param {Element | null} control
 */
function isSeenOnHover({ pointerType, clientX, clientY }, control) {
  const hasMoved = Math.hypot(clientX - moved.x, clientY - moved.y) < NEAR_PX;
  const hasFocus = control?.closest("[data-key]")?.matches(":focus-within"); // the focus also shows the control
  return Boolean(control?.hasAttribute("data-seen-on-hover") && pointerType !== "touch" && hasMoved && !hasFocus);
}

/** @param {MouseEvent} event */
function check(event) {
  if (event.detail === 0) return; // a key, a screen reader or a script made this click, which has no position
  if (event.detail === 1) hasActed = false;
  const wasTooEarly = isTooEarly;
  isTooEarly = false; // a screen reader's click comes without a press
  const control = controlOf(event.target);
  if (!control) return;
  if (!((wasTooEarly && control.matches(GUARDED)) || (event.detail > 1 && control.matches(ACTING)))) {
    hasActed ||= control.matches(ACTING);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  // no message if an earlier click of this series has acted
  if (!hasActed) toast(sentence("pressed_too_early"), "bad", undefined, control.closest("dialog"));
}

/** @param {KeyboardEvent} event */
function checkKey(event) {
  if (event.target instanceof Element && !event.target.matches("input, textarea, select")) pressed = null;
  // a held key counts as one press
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
); // a finger scrolls the page
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

// Asks for the PIN. The author chooses a PIN before the first report, and enters the PIN to open a draft.

import { element } from "./elements.js";
import { sealOldDrafts } from "./drafts.js";
import { changed } from "./kept.js";
import { sealOld } from "./outbox.js";
import { tell } from "./page.js";
import { choosePin, hasPin, isGuessable, isOpen, unlock } from "./pin.js";
import { countWaits, secondsToWait } from "./pin-waits.js";
import { sentence } from "./texts.js";

const field = /** @type {HTMLInputElement} */ (element("pin"));
const again = /** @type {HTMLInputElement} */ (element("pin-again"));
let isChoosing = false;
let isBusy = false;
/** @type {import("./pin.js").SealedDraft | null} */
let wanted = null;
/** @type {() => void} */
let then = () => {};

export function listenToPin() {
  countWaits();
  element("pin-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void entered();
  });
  element("pin-forgotten").addEventListener("click", () => {
    if (confirm(sentence("sureForgotten"))) show(true);
  });
  element("pin-later").addEventListener("click", hide);
  if (!hasPin()) show(true);
}

/**
 * Ask for the PIN of a locked draft. After the right PIN, call `next`.
 * @param {import("./pin.js").SealedDraft} sealed
 * @param {() => void} next
 */
export function withPin(sealed, next) {
  [wanted, then] = [sealed, next];
  show(false);
  element("pin-panel").scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
}

/** @param {boolean} choosing */
function show(choosing) {
  isChoosing = choosing;
  element("pin-panel").hidden = false;
  element("pin-choose").hidden = element("pin-again-field").hidden = !choosing;
  element("pin-enter").hidden = element("pin-forgotten").hidden = choosing;
  element("pin-later").hidden = !hasPin();
  again.required = choosing;
  field.value = again.value = "";
  tell(element("pin-failed"), "");
  element("report").hidden = !hasPin();
}

function hide() {
  element("pin-panel").hidden = true;
  element("report").hidden = !hasPin();
  field.value = again.value = "";
}

async function entered() {
  if (isBusy) return;
  isBusy = true;
  tell(element("pin-failed"), "");
  try {
    tell(element("pin-failed"), await (isChoosing ? chosen() : opened()));
  } catch {
    tell(element("pin-failed"), sentence("full"));
  } finally {
    isBusy = false;
  }
}

/** Returns an error text, or an empty value. */
async function chosen() {
  if (!/^[0-9]{6,12}$/.test(field.value)) return sentence("pinDigits");
  if (isGuessable(field.value)) return sentence("pinGuessable");
  if (field.value !== again.value) return sentence("pinDiffers");
  await choosePin(field.value);
  await sealOldDrafts();
  hide();
  changed();
  void sealOld();
  return "";
}

async function opened() {
  if (!wanted) return "";
  const seconds = secondsToWait(wanted.pair);
  if (seconds) return sentence("pinWait", { seconds });
  if (!(await unlock(wanted.pair, field.value)) || !isOpen(wanted)) return sentence("pinWrong");
  hide();
  then();
  return "";
}

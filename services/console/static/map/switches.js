// The switches of the map's layers. The browser remembers an account's changes.

const KEPT = `dayar.map-switches.${document.body.dataset.account ?? ""}`;

/** @returns {HTMLInputElement[]} */
function switches() {
  return [...document.querySelectorAll(/** @type {"input"} */ ("input[data-layer]"))];
}

/** An unknown name, for example from an earlier version of Dayar, changes nothing. */
export function restoreSwitches() {
  const differing = (localStorage.getItem(KEPT) ?? "").split(" ");
  for (const box of switches()) box.checked = box.defaultChecked !== differing.includes(box.dataset.layer ?? "");
}

/**
 * A change by a person is also remembered.
 * @param {(layer: string, isShown: boolean) => void} turn
 */
export function listenToSwitches(turn) {
  for (const box of switches()) {
    box.addEventListener("change", () => {
      keep();
      turn(box.dataset.layer ?? "", box.checked);
    });
  }
}

function keep() {
  const differing = switches().filter(({ checked, defaultChecked }) => checked !== defaultChecked);
  if (differing.length) localStorage.setItem(KEPT, differing.map(({ dataset }) => dataset.layer).join(" "));
  else localStorage.removeItem(KEPT);
}

/** @param {(layer: string, isShown: boolean) => void} turn */
export function turnAll(turn) {
  for (const box of switches()) turn(box.dataset.layer ?? "", box.checked);
}

// The switches of the map's layers. The browser stores the changes of each account.

const KEPT = `dayar.map-switches.${document.body.dataset.account ?? ""}`;

/** @returns {HTMLInputElement[]} */
function switches() {
  return [...document.querySelectorAll(/** @type {"input"} */ ("input[data-layer]"))];
}

/** Restores the stored changes. Unknown names, such as those of an earlier version of Dayar, are ignored. */
export function restoreSwitches() {
  const differing = (localStorage.getItem(KEPT) ?? "").split(" ");
  for (const box of switches()) box.checked = box.defaultChecked !== differing.includes(box.dataset.layer ?? "");
}

/**
 * Calls `turn` for each change of a switch, and stores the change.
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

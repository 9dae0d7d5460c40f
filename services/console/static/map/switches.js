// The switches of the map's layers. The browser remembers for each account the switches that differ from the
// defaults of the page.

const KEPT = `dayar.map-switches.${document.body.dataset.account ?? ""}`;

/** @returns {HTMLInputElement[]} */
function switches() {
  return [...document.querySelectorAll(/** @type {"input"} */ ("input[data-layer]"))];
}

/**
 * Restores the switches of this account. An unknown name, such as the name of a layer of an earlier version of Dayar,
 * changes nothing.
 */
export function restoreSwitches() {
  const differing = (localStorage.getItem(KEPT) ?? "").split(" ");
  for (const box of switches()) box.checked = box.defaultChecked !== differing.includes(box.dataset.layer ?? "");
}

/**
 * Calls `turn` when a person changes a switch, and remembers the change.
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

/** Shows or hides each layer, as its switch says. @param {(layer: string, isShown: boolean) => void} turn */
export function turnAll(turn) {
  for (const box of switches()) turn(box.dataset.layer ?? "", box.checked);
}

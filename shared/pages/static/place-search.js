// A combobox for a place. A text that matches no option stays as the person has typed it.

import { Combobox, folded, matching, names, namesakes } from "./combobox.js";
import { romanised } from "./romanised.js";

/** @typedef {import("./sites.js").PlaceOption} PlaceOption */

/** @type {WeakMap<PlaceOption, string[]>} */
const known = new WeakMap();

export class PlaceSearch extends Combobox {
  /**
   * `stated` returns the district in the form, or "". `chosen` is called with each chosen option. When the text
   * changes, `chosen` is called with undefined.
   * @param {HTMLInputElement} input
   * @param {{stated: () => string, chosen: (option: PlaceOption | undefined) => void}} place
   */
  constructor(input, { stated, chosen }) {
    super(input, []);
    this.marksFirst = false; // Tab keeps the typed text
    this.stated = stated;
    this.changed = chosen;
    input.addEventListener("input", () => chosen(undefined));
    input.addEventListener("focus", () => this.offer(/** @type {PlaceOption[]} */ (this.options)));
  }

  /**
   * Sets the options. Places of the stated district come first. New options appear even while the person types.
   * @param {PlaceOption[]} options
   */
  offer(options) {
    const pcode = this.stated();
    this.options = [
      ...options.filter((option) => option.pcode === pcode),
      ...options.filter((option) => option.pcode !== pcode),
    ];
    if (document.activeElement === this.input && this.input.value && !this.chosen) this.show();
  }

  /** Returns the matching options. Options with another spelling of the name come last. @param {string} text */
  found(text) {
    const found = matching(this.options, text),
      typed = romanised(folded(text));
    if (!typed) return found;
    const others = /** @type {PlaceOption[]} */ (this.options).filter((option) =>
      romanisedNames(option).some((name) => ` ${name}`.includes(` ${typed}`)),
    );
    return [...new Set([...found, ...others])];
  }

  /**
   * Chooses the option, and writes only its name: the district has its own field.
   * @override
   * @param {import("./combobox.js").Option | undefined} option
   */
  choose(option) {
    if (!option) return;
    super.choose(option);
    this.input.value = option.name;
    this.changed(/** @type {PlaceOption} */ (option));
  }

  /**
   * Chooses the option that an arrow key has marked. Without a mark, chooses the only option with the typed name. Does
   * not choose a place in another district, because the choice would change the stated district.
   * @override
   */
  leave() {
    if (!this.chosen && this.input.value.trim()) this.choose(this.shown[this.at] ?? this.meant());
    this.close();
  }

  /** @override */
  clear() {
    super.clear();
    this.changed(undefined);
  }

  meant() {
    const pcode = this.stated(),
      same = /** @type {PlaceOption[]} */ (namesakes(this.options, this.input.value));
    const meant = pcode ? same.filter((option) => option.pcode === pcode) : same;
    return meant.length === 1 ? meant[0] : undefined;
  }
}

/** @param {PlaceOption} option */
function romanisedNames(option) {
  const made = known.get(option) ?? [...new Set(names(option).map(romanised))];
  known.set(option, made);
  return made;
}

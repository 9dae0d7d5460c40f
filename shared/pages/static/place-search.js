// A combobox for a place that may be chosen from the list or typed freely: what is not in the list stays as typed.

import { Combobox, namesakes } from "./combobox.js";

/** @typedef {import("./sites.js").PlaceOption} PlaceOption */

export class PlaceSearch extends Combobox {
  /**
   * @param {HTMLInputElement} input
   * @param {(option: PlaceOption | undefined) => void} chosen called with each chosen option, and with undefined if the text changes
   */
  constructor(input, chosen) {
    super(input, []);
    this.changed = chosen;
    this.pcode = ""; // places of this district come first
    input.addEventListener("input", () => chosen(undefined));
  }

  /** @param {string} pcode */
  prefer(pcode) {
    this.pcode = pcode;
    const options = /** @type {PlaceOption[]} */ (this.options);
    this.options = [...options.filter((option) => option.pcode === pcode), ...options.filter((option) => option.pcode !== pcode)];
  }

  /** @param {PlaceOption[]} options */
  offer(options) {
    this.options = options;
    this.prefer(this.pcode);
  }

  /** Shows the option's name alone, because the district has a field of its own. @override @param {import("./combobox.js").Option | undefined} option */
  choose(option) {
    if (!option) return;
    super.choose(option);
    this.input.value = option.name;
    this.changed(/** @type {PlaceOption} */ (option));
  }

  /** Leaving the field chooses an option only if its name was typed completely, and if no other option could be meant. @override */
  leave() {
    if (!this.chosen && this.input.value.trim()) this.choose(this.meant());
    this.close();
  }

  meant() {
    const same = /** @type {PlaceOption[]} */ (namesakes(this.options, this.input.value));
    const here = same.filter(({ pcode }) => pcode === this.pcode);
    if (here.length) return here.length === 1 ? here[0] : undefined;
    return same.length === 1 ? same[0] : undefined;
  }
}

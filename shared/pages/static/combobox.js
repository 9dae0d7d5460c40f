// A combobox that finds options by their names in three languages, and accepts Russian letters for Kyrgyz letters.

import { make } from "./elements.js";

/** @typedef {{value: string, name: string, above?: string | null, terms: string[]}} Option */

const MOST = 8;
const UNLIKE = 3;
/** @type {Record<string, string>} */
const FOLDED = { ө: "о", ү: "у", ң: "н", ӊ: "н", ё: "е" };

/** @type {WeakMap<Option, string[]>} */
const known = new WeakMap();

/** @param {string} text */
export function folded(text) {
  return text
    .toLowerCase()
    .replace(/[өүңӊё]/g, (letter) => FOLDED[letter])
    .replace(/[-–.,]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * Returns the matching options. Names that equal the text come first, then names that begin with the text, then names
 * with such a word. Hyphens and spaces do not matter: Жалалабад matches Жалал-Абад.
 * @param {Option[]} options
 * @param {string} text
 */
export function matching(options, text) {
  const typed = folded(text);
  const ranked = options.map((option) => ({
    option,
    rank: Math.min(...names(option).map((name) => rank(name, typed))),
  }));
  return ranked
    .filter(({ rank }) => rank < UNLIKE)
    .sort((a, b) => a.rank - b.rank)
    .map(({ option }) => option);
}

/** @param {string} name @param {string} typed */
function rank(name, typed) {
  if (name === typed || joined(name) === joined(typed)) return 0;
  if (name.startsWith(typed) || joined(name).startsWith(joined(typed))) return 1;
  return name.includes(` ${typed}`) ? 2 : UNLIKE;
}

/**
 * Returns the options with exactly this name. For example, a city and its oblast can have the same name.
 * @param {Option[]} options
 * @param {string} text
 */
export function namesakes(options, text) {
  return options.filter((option) => names(option).some((name) => joined(name) === joined(folded(text))));
}

/** @param {Option} option */
export function names(option) {
  const made = known.get(option) ?? [...new Set([option.name, ...option.terms].map(folded))];
  known.set(option, made);
  return made;
}

/** @param {string} text */
function joined(text) {
  return text.replaceAll(" ", "");
}

export class Combobox {
  /**
   * @param {HTMLInputElement} input
   * @param {Option[]} options
   */
  constructor(input, options) {
    this.input = input;
    this.options = options;
    this.list = /** @type {HTMLUListElement} */ (document.getElementById(input.getAttribute("aria-controls") ?? ""));
    /** @type {Option[]} */
    this.shown = [];
    this.marksFirst = true; // the first option is marked before any arrow key
    this.at = 0;
    /** @type {Option | undefined} */
    this.chosen = undefined;
    this.hint = document.getElementById(input.dataset.namesakes ?? "");
    this.isAsked = false;
    input.addEventListener("input", () => {
      this.forget();
      this.show();
    });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("focus", () => this.input.value && !this.chosen && this.show());
    input.addEventListener("blur", () => this.leave());
    this.list.addEventListener("mousedown", (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest("li");
      if (item) this.choose(this.shown[[...this.list.children].indexOf(item)]);
      event.preventDefault();
    });
  }

  show() {
    this.shown = this.found(this.input.value).slice(0, MOST);
    this.at = this.marksFirst ? 0 : -1;
    this.draw();
  }

  /** @param {string} text */
  found(text) {
    return matching(this.options, text);
  }

  draw() {
    this.list.replaceChildren(
      ...this.shown.map((option, number) => {
        const item = make(
          "li",
          { id: `${this.list.id}-${number}`, role: "option", ariaSelected: String(number === this.at) },
          option.name,
        );
        if (option.above) item.append(make("small", { textContent: ` ${option.above}` }));
        return item;
      }),
    );
    const isOpen = this.shown.length > 0;
    this.list.hidden = !isOpen;
    this.input.ariaExpanded = String(isOpen);
    this.input.setAttribute("aria-activedescendant", isOpen && this.at >= 0 ? `${this.list.id}-${this.at}` : "");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "ArrowDown" && this.list.hidden) this.show();
    else if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Escape" && !this.list.hidden) this.close();
    else if (event.key === "Enter" && !event.ctrlKey && !this.list.hidden)
      this.choose(this.shown[Math.max(0, this.at)]);
    else if (event.key === "Tab" && !event.shiftKey && !this.isAsked && this.isAmbiguous()) this.ask();
    else return;
    event.preventDefault();
  }

  /** @param {number} step */
  move(step) {
    const from = this.at < 0 && step < 0 ? 0 : this.at; // without a mark, the arrow up goes to the last option
    this.at = (from + step + this.shown.length) % Math.max(1, this.shown.length);
    this.draw();
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Option | undefined} option */
  choose(option) {
    if (!option) return;
    this.chosen = option;
    this.input.value = option.above ? `${option.name}, ${option.above}` : option.name;
    this.input.removeAttribute("aria-invalid");
    if (this.hint) this.hint.hidden = true;
    this.close();
  }

  /** True if several options have the typed name. The person must then choose one. */
  isAmbiguous() {
    return this.hint !== null && !this.chosen && namesakes(this.options, this.input.value).length > 1;
  }

  ask() {
    this.isAsked = true;
    if (this.hint) this.hint.hidden = false;
    this.input.setAttribute("aria-invalid", "true");
    if (this.list.hidden) this.show();
  }

  /** Chooses the marked option when the focus leaves, so that three letters and Tab are enough. */
  leave() {
    if (this.isAmbiguous()) {
      this.ask();
    } else if (!this.chosen && this.input.value.trim()) {
      if (this.list.hidden) this.shown = this.found(this.input.value);
      this.choose(this.shown[this.at] ?? this.shown[0]);
    }
    this.close();
  }

  close() {
    this.shown = [];
    this.draw();
  }

  clear() {
    this.forget();
    this.input.value = "";
  }

  forget() {
    this.chosen = undefined;
    this.isAsked = false;
    this.input.removeAttribute("aria-invalid");
    if (this.hint) this.hint.hidden = true;
  }

  /** Chooses the option with the value, for scripts that fill in a form. @param {string} value */
  set(value) {
    this.choose(this.options.find((option) => option.value === value));
  }
}

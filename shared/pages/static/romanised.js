// Writes names in Latin letters. The usual spellings of a name become the same text.

const LETTERS = /** @type {Record<string, string>} */ ({
  а: "a",
  б: "b",
  в: "v",
  г: "g",
  д: "d",
  е: "e",
  ж: "j",
  з: "z",
  и: "i",
  й: "i",
  к: "k",
  л: "l",
  м: "m",
  н: "n",
  о: "o",
  п: "p",
  р: "r",
  с: "s",
  т: "t",
  у: "u",
  ф: "f",
  х: "h",
  ц: "ts",
  ч: "ch",
  ш: "sh",
  щ: "sh",
  ъ: "",
  ы: "i",
  ь: "",
  э: "e",
  ю: "iu",
  я: "ia",
});
// Spellings of one sound. Examples: Jalal-Abad and Dzhalal-Abad, Khaidarkan and Haidarkan, Kara-Suu and Kara-Su.
const SPELLINGS = /** @type {[RegExp, string][]} */ ([
  [/dzh|dj|zh/g, "j"],
  [/kh|x/g, "h"],
  [/[qc](?!h)/g, "k"],
  [/w/g, "v"],
  [/y/g, "i"],
  [/(.)\1+/g, "$1"],
]);

/** @param {string} folded a name as `folded` in combobox.js makes it */
export function romanised(folded) {
  const latin = folded
    .replaceAll("дж", "j")
    .replace(/[а-я]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFD")
    .replace(/\p{M}/gu, "");
  return SPELLINGS.reduce((text, [pattern, sound]) => text.replace(pattern, sound), latin);
}

"""Replaces letters in an SMS, because old telephones lack some letters, and Latin text needs fewer parts."""

import re
from collections.abc import Mapping
from enum import StrEnum


class Alphabet(StrEnum):
    """`russian` replaces only the Kyrgyz letters, which old telephones and some gateways lack.

    `latin` replaces every Cyrillic letter. One part of an SMS holds 160 Latin characters, but only 70 characters if one
    of them is Cyrillic.
    """

    KEPT = "kept"
    RUSSIAN = "russian"
    LATIN = "latin"


# One typographic character would double the number of parts of a Latin SMS.
PUNCTUATION = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "…": "...", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "’": "'", "№": "No."}
    | dict.fromkeys("\u00a0\u202f\u2009", " ")
)
LIKE_RUSSIAN = str.maketrans("ңөүҢӨҮ", "ноуНОУ")
# The transliteration is BGN/PCGN, without signs for ъ and ь. The transliteration has ö and ü, which GSM-7 contains.
LONGER = {
    "ё": "yo",
    "ж": "zh",
    "ң": "ng",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ю": "yu",
    "я": "ya",
}
SINGLE = zip("абвгдезийклмноөпрстуүфыэ", "abvgdeziyklmnoöprstuüfye", strict=True)
LATIN: Mapping[str, str] = dict(SINGLE) | LONGER | {"ъ": "", "ь": ""}
OF_KYRGYZ: Mapping[str, str] = {**LATIN, "ж": "j"}


def spelled(text: str, alphabet: Alphabet, language: str) -> str:
    text = text.translate(PUNCTUATION)
    if alphabet is Alphabet.RUSSIAN:
        return text.translate(LIKE_RUSSIAN)
    if alphabet is Alphabet.LATIN:
        letters = OF_KYRGYZ if language == "ky" else LATIN
        return re.sub(r"\w+", lambda word: latin(word[0], letters), text)
    return text


def latin(word: str, letters: Mapping[str, str]) -> str:
    spelling = "".join(
        letters.get(letter.lower(), letter).capitalize() if letter.isupper() else letters.get(letter, letter)
        for letter in word
    )
    return spelling.upper() if word.isupper() and len(word) > 1 else spelling

"""Folds names of persons and places.

Different spellings of a name give equal results. Names are compared in Latin letters. Cyrillic, the romanisations of
ICAO 9303 (passports), BGN/PCGN and Uzbek, and text from keyboards without Kyrgyz letters give equal results. The rules
are in docs/decisions/0046.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

Part = frozenset[str]  # all folded spellings of one part of a name; two parts are equal if they share a spelling

CYRILLIC = "абвгдежзийклмнңоөпрстуүфхцчшщъыьэюяё" + "қғҳўҷӣӯәіұһ"
LATIN = [*"abvgdejziiklmnnoөprstuufh", "ts", "ch", "sh", "sh", "", "i", "", "e", "iu", "ia", "e", *"kghojiuaiuh"]
TURKIC = {"ş": "sh", "ç": "ch", "ı": "i", "ğ": "g", "ö": "ө", "ŋ": "n", "ə": "a"}
LETTERS = str.maketrans(dict(zip(CYRILLIC, LATIN, strict=True)) | TURKIC)
APOSTROPHES = dict.fromkeys(map(ord, "'`´’‘ʻʼʹʺ′″"))  # people often omit these characters
# Letters with two sounds. The letter x sounds like h in Xurshid, and like ks in Maxim. Russian papers write Усенов for
# Үсөнов.
SOUNDS = {"x": ("h", "ks"), "ө": ("o", "e")}
# For each sound, one spelling replaces the other spellings, in this order.
SPELLINGS = {"shch": "sh", "zh": "j", "dj": "j", "kh": "h", "gh": "g", "ng": "n", "y": "i", "w": "v", "q": "k"}
VOWELS = {"ie": "e", "io": "e"}  # these pairs stand for е and ё
SEPARATORS = re.compile(r"[\W_]+")
DOUBLED = re.compile(r"(.)\1+")
FEMININE = re.compile(r"(?<=.(?:ov|ev|in))a$")
# the words for "son of" and "daughter of", which people often omit
PARTICLES = frozenset({"ulu", "kizi", "gizi", "ogli", "oglu"})


def name_parts(name: str | None) -> tuple[Part, ...]:
    """Return the parts of a name, without differences of script, romanisation or gender ending."""
    return _name_parts(name) if name else ()


def is_same(name: frozenset[Part], other: frozenset[Part]) -> bool:
    """In any order."""
    return is_part_of(name, other) and is_part_of(other, name)


def is_part_of(name: frozenset[Part], other: frozenset[Part]) -> bool:
    """True if `other` contains all parts of `name`, in any order."""
    return bool(name) and all(any(part & same for same in other) for part in name)


@lru_cache(4_096)
def _name_parts(name: str) -> tuple[Part, ...]:
    parts = [part for part in dict.fromkeys(map(spellings, SEPARATORS.split(romanised(name)))) if part]
    return tuple(part for part in parts if part.isdisjoint(PARTICLES)) or tuple(parts)


def words(text: str) -> Iterator[Part]:
    """Yields the words of a text as parts of a name. Numbers stay unchanged."""
    for word in SEPARATORS.split(romanised(text)):
        if word:
            yield frozenset({word}) if word.isdecimal() else _spellings(word)


@lru_cache(8_192)
def _spellings(latin: str) -> Part:
    return spellings(latin)


def romanised(name: str) -> str:
    """Return the name in Latin letters, without accents.

    Only ө and x stay for `spellings`, because they have two sounds.
    """
    letters = unicodedata.normalize("NFKC", name.translate(APOSTROPHES)).casefold().translate(LETTERS)
    return "".join(sign for sign in unicodedata.normalize("NFD", letters) if unicodedata.category(sign) != "Mn")


def spellings(latin: str) -> Part:
    variants = {latin}
    for letter, sounds in SOUNDS.items():
        variants = {variant.replace(letter, sound) for variant in variants for sound in sounds}
    return frozenset(map(_part, variants)) - {""}


def _part(latin: str) -> str:
    for spelling, same in SPELLINGS.items():
        latin = latin.replace(spelling, same)
    latin = DOUBLED.sub(r"\1", latin)
    for spelling, same in VOWELS.items():
        latin = latin.replace(spelling, same)
    if latin.endswith("skaia"):
        return latin.removesuffix("aia") + "i"
    return FEMININE.sub("", latin)

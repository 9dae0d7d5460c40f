"""Folds names of persons and telephone numbers, so that different spellings give equal results.

Names are compared in Latin letters. The romanisations of passports (ICAO 9303), of BGN/PCGN and of Uzbek give a common
spelling. Text from a keyboard without Kyrgyz letters gives the same spelling. docs/decisions/0046 explains the rules.
"""

import re
import unicodedata
from functools import lru_cache

from shared.country import CALLING_CODE

Part = frozenset[str]  # a part of a name is the set of its spellings; two parts are equal if they share a spelling

CYRILLIC = "абвгдежзийклмнңоөпрстуүфхцчшщъыьэюяё" + "қғҳўҷӣӯәіұһ"
LATIN = [*"abvgdejziiklmnnoөprstuufh", "ts", "ch", "sh", "sh", "", "i", "", "e", "iu", "ia", "e", *"kghojiuaiuh"]
TURKIC = {"ş": "sh", "ç": "ch", "ı": "i", "ğ": "g", "ö": "ө", "ŋ": "n", "ə": "a"}
LETTERS = str.maketrans(dict(zip(CYRILLIC, LATIN, strict=True)) | TURKIC)
APOSTROPHES = dict.fromkeys(map(ord, "'`´’‘ʻʼʹʺ′″"))  # writers often leave these characters out
# Letters with two sounds. The letter x sounds like h in Xurshid, and like ks in Maxim. Russian papers write Усенов for
# Үсөнов.
SOUNDS = {"x": ("h", "ks"), "ө": ("o", "e")}
# Different spellings of one sound. They are replaced in this order.
SPELLINGS = {"shch": "sh", "zh": "j", "dj": "j", "kh": "h", "gh": "g", "ng": "n", "y": "i", "w": "v", "q": "k"}
VOWELS = {"ie": "e", "io": "e"}  # these pairs of letters stand for е and ё
SEPARATORS = re.compile(r"[\W_]+")
DOUBLED = re.compile(r"(.)\1+")
FEMININE = re.compile(r"(?<=.(?:ov|ev|in))a$")
# these parts of names mean "son of" and "daughter of", and are often left out
PARTICLES = frozenset({"ulu", "kizi", "gizi", "ogli", "oglu"})

NATIONAL_DIGITS = 9
MOST_DIGITS = 15  # a number in E.164 has at most this many digits
RUSSIAN_DIGITS = 11  # a number with the trunk prefix 8 has this many digits


def folded(name: str | None) -> tuple[Part, ...]:
    """The parts of a name in a form that is independent of script, romanisation and gender ending."""
    return _folded(name) if name else ()


def is_same(name: frozenset[Part], other: frozenset[Part]) -> bool:
    """Whether both names have the same parts, in any order."""
    return bool(name) and all(
        any(part & same for same in wanted) for parts, wanted in ((name, other), (other, name)) for part in parts
    )


@lru_cache(4_096)
def _folded(name: str) -> tuple[Part, ...]:
    parts = [part for part in dict.fromkeys(map(spellings, SEPARATORS.split(romanised(name)))) if part]
    return tuple(part for part in parts if part.isdisjoint(PARTICLES)) or tuple(parts)


def romanised(name: str) -> str:
    """The name in Latin letters without accents. The letters ө and x are not replaced here, but by `spellings`."""
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


def telephones(text: str | None) -> frozenset[str]:
    """The telephone numbers in a text, in E.164 format without `+`. One text may contain two numbers."""
    return frozenset(number for written in re.split(r"(?=\+)", text or "") for number in _numbers(written)) - {""}


def _numbers(written: str) -> list[str]:
    digits, has_plus = re.sub(r"\D", "", written), written.lstrip().startswith("+")
    if len(digits) <= MOST_DIGITS:
        return [_number(digits, has_plus=has_plus)]
    for cut in range(NATIONAL_DIGITS, len(digits) - NATIONAL_DIGITS + 1):
        numbers = [_number(digits[:cut], has_plus=has_plus), _number(digits[cut:], has_plus=False)]
        if all(len(number) == len(CALLING_CODE) + NATIONAL_DIGITS for number in numbers):
            return numbers
    return [digits]


def _number(digits: str, *, has_plus: bool) -> str:
    """The number with its country code. A number without a country code is taken as one of this country.

    The trunk prefix (0, or 8 in Russia) is removed.
    """
    if digits.startswith("00"):
        digits, has_plus = digits[2:], True
    national = digits.removeprefix(CALLING_CODE) if has_plus or len(digits) > NATIONAL_DIGITS + 1 else digits
    national = national.removeprefix("0")
    if len(national) == NATIONAL_DIGITS and (not has_plus or digits.startswith((CALLING_CODE, "0"))):
        return CALLING_CODE + national
    if not has_plus and len(digits) == RUSSIAN_DIGITS and digits.startswith("8"):
        return "7" + digits[1:]
    return digits

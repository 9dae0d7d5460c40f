"""Folds names of persons, telephone numbers and codes, so that different spellings of a value give the same result.

Names are compared in Latin letters. The romanisations of passports (ICAO 9303), of BGN/PCGN and of Uzbek give the same
result. So do Kyrgyz names that were typed on a keyboard without Kyrgyz letters. docs/decisions/0046 explains the rules.
"""

import re
import unicodedata
from functools import lru_cache

from shared.country import CALLING_CODE

CYRILLIC = "абвгдежзийклмнңоөпрстуүфхцчшщъыьэюяё" + "қғҳўҷӣӯәі"
LATIN = [*"abvgdejziiklmnnooprstuufh", "ts", "ch", "sh", "sh", "", "i", "", "e", "iu", "ia", "e", *"kghojiuai"]
TURKIC = {"ş": "sh", "ç": "ch", "ı": "i", "ğ": "g", "ö": "o", "ü": "u", "ŋ": "n", "ə": "a", "ñ": "n"}
MARKS = dict.fromkeys("'`´’‘ʻʼ\u0307", "")  # apostrophes are often omitted; a lower-cased Turkish İ has U+0307
LETTERS = str.maketrans(dict(zip(CYRILLIC, LATIN, strict=True)) | TURKIC | MARKS)
# Spellings of the same sound, in the order of replacement.
SPELLINGS = {"shch": "sh", "zh": "j", "dj": "j", "kh": "h", "x": "h", "ng": "n", "y": "i", "w": "v", "q": "k"}
NATIONAL_DIGITS = 9
SEPARATORS = re.compile(r"[\W_]+")
DOUBLED = re.compile(r"(.)\1+")
FEMININE = re.compile(r"(?<=.(?:ov|ev|in))a$")
PARTICLES = frozenset({"ulu", "kizi", "gizi", "ogli", "oglu"})  # "son of" and "daughter of", which are often omitted


def folded(name: str | None) -> frozenset[str]:
    """The parts of a name, in a form that is independent of script, romanisation, gender ending and order."""
    return _folded(name) if name else frozenset()


@lru_cache(4_096)
def _folded(name: str) -> frozenset[str]:
    latin = unicodedata.normalize("NFKC", name).casefold().translate(LETTERS)
    parts = {_part(part) for part in SEPARATORS.split(latin)}
    return frozenset(parts - PARTICLES or parts) - {""}


def _part(latin: str) -> str:
    for spelling, same in SPELLINGS.items():
        latin = latin.replace(spelling, same)
    latin = DOUBLED.sub(r"\1", latin).replace("ie", "e")
    if latin.endswith("skaia"):
        return latin.removesuffix("aia") + "i"
    return FEMININE.sub("", latin)


def telephone(number: str | None) -> str:
    """The number in E.164 without `+`. A number without a country code is a number of this country."""
    digits = re.sub(r"\D", "", number or "")
    if (number or "").lstrip().startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    national = digits.removeprefix("0")
    return CALLING_CODE + national if len(national) == NATIONAL_DIGITS else digits

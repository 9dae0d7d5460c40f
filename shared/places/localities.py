"""The names of localities as people type them, in Kyrgyz, Russian or English."""

import re
import unicodedata

SEPARATORS = re.compile(r"[\W_]+")
# Maps Kyrgyz letters, and ё, to the letters that people often type instead.
SAME_LETTERS = str.maketrans("өүңё", "оуне")


def folded(name: str | None) -> str:
    """The name in lower case, without punctuation and Kyrgyz letters. Equal results mean the same locality."""
    letters = unicodedata.normalize("NFKC", name or "").casefold().translate(SAME_LETTERS)
    return SEPARATORS.sub(" ", letters).strip()


def key(unit: str | None, name: str | None, pcode: str | None) -> tuple[str, str]:
    """Equal for reports of one locality: by its code in the gazetteer, else by its folded name and its unit.

    `unit` is the code of the district, the oblast or the country that contains the locality.
    """
    return (pcode, "") if pcode else (unit or "", folded(name))

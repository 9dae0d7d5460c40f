"""Compares localities by their codes, or by their names as people type them."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

SEPARATORS = re.compile(r"[\W_]+")
# Maps Kyrgyz letters and ё to the letters that people often type in their place.
SAME_LETTERS = str.maketrans("өүңё", "оуне")


def folded(name: str | None) -> str:
    """Return the name in lower case, without punctuation, with SAME_LETTERS replaced."""
    letters = unicodedata.normalize("NFKC", name or "").casefold().translate(SAME_LETTERS)
    return SEPARATORS.sub(" ", letters).strip()


@lru_cache(10_000)
def joined(name: str | None) -> str:
    """Return the folded name without spaces. People write `№5` or `№ 5`, and `Ак-Суу` or `Аксуу`."""
    return folded(name).replace(" ", "")


class StatedLocality(NamedTuple):
    """A locality in a report: its joined name and its code in the gazetteer. A missing value is an empty text."""

    name: str = ""
    pcode: str = ""

    @classmethod
    def of(cls, name: str | None, pcode: str | None) -> "StatedLocality":
        return cls(joined(name), pcode or "")

    def is_same(self, other: "StatedLocality") -> bool:
        """Compares two localities of one district: by their codes if both have a code, otherwise by their names."""
        return self.pcode == other.pcode if self.pcode and other.pcode else self.name == other.name

    def key(self, unit: str | None) -> tuple[str, str]:
        """Return a key that is equal for all reports about a locality.

        The key is the code, else the name with the unit or country.
        """
        return (self.pcode, "") if self.pcode else (unit or "", self.name)

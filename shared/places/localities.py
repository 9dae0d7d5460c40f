"""The names of localities as people type them, and how two localities are compared."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

SEPARATORS = re.compile(r"[\W_]+")
# Kyrgyz letters and ё, with the letters that people often type instead.
SAME_LETTERS = str.maketrans("өүңё", "оуне")


def folded(name: str | None) -> str:
    """In lower case, without punctuation, and with the letters of SAME_LETTERS replaced."""
    letters = unicodedata.normalize("NFKC", name or "").casefold().translate(SAME_LETTERS)
    return SEPARATORS.sub(" ", letters).strip()


@lru_cache(10_000)
def joined(name: str | None) -> str:
    """The name without spaces, because people write both `№5` and `№ 5`, and both `Ак-Суу` and `Аксуу`."""
    return folded(name).replace(" ", "")


class StatedLocality(NamedTuple):
    """The joined name and the code in the gazetteer, each empty if the report does not state it."""

    name: str = ""
    pcode: str = ""

    @classmethod
    def of(cls, name: str | None, pcode: str | None) -> "StatedLocality":
        return cls(joined(name), pcode or "")

    def is_same(self, other: "StatedLocality") -> bool:
        """Compares two localities of one district: by their codes if both have a code, otherwise by their names."""
        return self.pcode == other.pcode if self.pcode and other.pcode else self.name == other.name

    def key(self, unit: str | None) -> tuple[str, str]:
        """The same for all mentions of a locality: its code, or else its name with the unit or country."""
        return (self.pcode, "") if self.pcode else (unit or "", self.name)

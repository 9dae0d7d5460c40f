"""The names of localities as people type them, in Kyrgyz, Russian or English, and how two localities are compared."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

SEPARATORS = re.compile(r"[\W_]+")
# Maps Kyrgyz letters, and ё, to the letters that people often type instead.
SAME_LETTERS = str.maketrans("өүңё", "оуне")


def folded(name: str | None) -> str:
    """The name in lower case, without punctuation, and with the letters of SAME_LETTERS replaced."""
    letters = unicodedata.normalize("NFKC", name or "").casefold().translate(SAME_LETTERS)
    return SEPARATORS.sub(" ", letters).strip()


@lru_cache(10_000)
def joined(name: str | None) -> str:
    """The folded name without spaces, because people write both `№5` and `№ 5`, and both `Ак-Суу` and `Аксуу`."""
    return folded(name).replace(" ", "")


class StatedLocality(NamedTuple):
    """The locality of a report: its joined name, and its code in the gazetteer.

    If the report does not state the name or the code, the string is empty.
    """

    name: str = ""
    pcode: str = ""

    @classmethod
    def of(cls, name: str | None, pcode: str | None) -> "StatedLocality":
        return cls(joined(name), pcode or "")

    def is_same(self, other: "StatedLocality") -> bool:
        """Whether both are the same locality of a district. If both have codes, the codes decide, else the names."""
        return self.pcode == other.pcode if self.pcode and other.pcode else self.name == other.name

    def key(self, unit: str | None) -> tuple[str, str]:
        """A key that is the same for all mentions of a locality.

        The key is the locality's code or, if there is none, its name with the unit or country.
        """
        return (self.pcode, "") if self.pcode else (unit or "", self.name)

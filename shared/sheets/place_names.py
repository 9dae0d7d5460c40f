"""Finds a district or country by its name, as people write it into sheets."""

import re
from collections import defaultdict
from functools import cached_property

from shared.country import COUNTRY
from shared.events import Place
from shared.pages.formats import all_countries
from shared.pages.languages import LANGUAGES
from shared.places import Places, UnitKind
from shared.places.localities import folded

SEPARATORS = re.compile(r"[,;()]")
MOST_PARTS = 20  # a text with more parts is no address, and would take milliseconds
# words for the kind of a unit, in the form that `folded` returns
KINDS = {
    UnitKind.OBLAST: {"область", "обл", "облусу", "облус", "oblast", "region"},
    UnitKind.RAYON: {"район", "р н", "рн", "району", "rayon", "raion", "district"},
    UnitKind.CITY: {"город", "гор", "г", "шаары", "шаар", "city", "town"},
}
WORDS = sorted(((word, kind) for kind, words in KINDS.items() for word in words), key=lambda pair: -len(pair[0]))
# the ending of an adjective, as in Кадамжайский район
ADJECTIVE = re.compile(r"ск(ий|ая|ой|ого|ом|ую)$")


class Namesakes(Exception):
    """Several places have the name."""


class PlaceNames:
    """Finds a unit by its code, or by its name with or without its kind. Finds a country by its name."""

    def __init__(self, places: Places) -> None:
        self._units = {unit.pcode: unit for unit in places.units()}
        self._names: dict[str, set[str]] = defaultdict(set)
        self._aliases: dict[str, set[str]] = defaultdict(set)
        for unit in self._units.values():
            for term in unit.terms():
                index = self._names if term in unit.names.values() else self._aliases
                index[stem(folded(term))].add(unit.pcode)

    def find(self, text: str) -> tuple[Place, str] | None:
        """Returns the place, and the rest of the text. Returns None if no part of the text names a place.

        Commas, semicolons and brackets separate the parts. Raises Namesakes if several places have the name.
        """
        parts = [part.strip() for part in SEPARATORS.split(text) if part.strip()]
        if len(parts) > MOST_PARTS:
            return None
        places = [self._place(part) for part in parts]
        named = [place for place, _ in places if place is not None]
        if not named:
            return None
        rest = [part for part, (_, is_whole) in zip(parts, places, strict=True) if not is_whole]
        return self._smallest(named), ", ".join(rest)

    def _smallest(self, named: list[Place]) -> Place:
        """Returns the place that lies in all the other places. Raises Namesakes without such a place."""
        if all(place == named[0] for place in named):
            return named[0]
        units = [self._units[place.pcode] for place in named if place.pcode]
        smallest = max(units, key=lambda unit: unit.level, default=None)
        if smallest is None or len(units) < len(named):
            raise Namesakes
        if any(unit.pcode not in (smallest.pcode, smallest.parent) for unit in units):
            raise Namesakes
        return Place(pcode=smallest.pcode)

    def _place(self, text: str) -> tuple[Place | None, bool]:
        """Returns the place, and whether the text contains nothing else. Raises Namesakes.

        The second value is False for a former or other name of a district, which may also be a village's name.
        """
        if text.upper() in self._units:
            return Place(pcode=text.upper()), True
        name, kind = without_kind(folded(text))
        for index in (self._names, self._aliases):
            pcodes = {pcode for pcode in index.get(stem(name), ()) if kind in (None, self._units[pcode].kind)}
            if len(pcodes) > 1:
                raise Namesakes
            if pcodes:
                return Place(pcode=pcodes.pop()), index is self._names
        country = self._countries.get(name)
        return (Place(country=country), True) if country else (None, False)

    @cached_property
    def _countries(self) -> dict[str, str]:
        return {
            folded(name): code for language in LANGUAGES for code, name in all_countries(language) if code != COUNTRY
        }


def without_kind(name: str) -> tuple[str, UnitKind | None]:
    for word, kind in WORDS:
        if name.startswith(f"{word} "):
            return name[len(word) + 1 :], kind
        if name.endswith(f" {word}"):
            return name[: -len(word) - 1], kind
    return name, None


def stem(name: str) -> str:
    """Removes spaces, a final й and the ending of an adjective. Example: Кара-Сууйский becomes Кара-Суу."""
    return ADJECTIVE.sub("", name).replace(" ", "").rstrip("й")

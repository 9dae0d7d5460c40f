"""The gazetteer: ayil aymaks and settlements. `dayar places import` adds them to the units that the product ships."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from shared.places.localities import joined
from shared.places.units import LANGUAGES, Names

MOST_LOCALITIES = 10_000  # limit for an import; the country has some 450 ayil aymaks and 1,900 settlements


class LocalityKind(StrEnum):
    AYMAK = "aymak"
    VILLAGE = "village"
    TOWN = "town"  # urban-type settlement (посёлок городского типа)
    CITY = "city"


LABELS: dict[LocalityKind, Names] = {
    LocalityKind.AYMAK: {"ky": "{} айыл аймагы", "ru": "{} айыл аймак", "en": "{} ayil aymak"},
    LocalityKind.VILLAGE: {"ky": "{} айылы", "ru": "с. {}", "en": "{} village"},
    LocalityKind.TOWN: {"ky": "{} шаарчасы", "ru": "пгт {}", "en": "{} town"},
    LocalityKind.CITY: {"ky": "{} шаары", "ru": "г. {}", "en": "{} city"},
}
SUCCEEDED: Names = {"ky": "{} (азыр: {})", "ru": "{} (ныне: {})", "en": "{} (now: {})"}


@dataclass(frozen=True, slots=True)
class Locality:
    """An ayil aymak (level 3) or a settlement (level 4).

    `parent` is the code of a locality or a unit. `successors` are the codes of the localities that replaced this
    locality, for example after a merger.
    """

    pcode: str
    parent: str
    kind: LocalityKind
    names: Names
    lat: float | None = None
    lon: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    aliases: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()

    @property
    def is_settlement(self) -> bool:
        return self.kind is not LocalityKind.AYMAK

    def is_valid(self, on: date) -> bool:
        """True if the locality exists on this day. `valid_to` is its last day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def label(self, lang: str, successors: str = "") -> str:
        """Return the name with the kind, and the successors in brackets."""
        lang = lang if lang in LANGUAGES else "en"
        label = LABELS[self.kind][lang].format(self.names[lang])
        return SUCCEEDED[lang].format(label, successors) if successors else label

    def terms(self) -> tuple[str, ...]:
        """Search terms without duplicates."""
        return tuple(dict.fromkeys((*self.names.values(), *self.aliases)))


class Gazetteer:
    def __init__(self, localities: Iterable[Locality] = ()) -> None:
        self._localities = {locality.pcode: locality for locality in localities}
        self._named: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, frozenset[str]] = {}
        for locality in self.settlements():
            for term in locality.terms():
                self._named[joined(term)].add(locality.pcode)

    def __iter__(self) -> Iterator[Locality]:
        return iter(self._localities.values())

    def __len__(self) -> int:
        return len(self._localities)

    def get(self, pcode: str) -> Locality | None:
        return self._localities.get(pcode)

    def settlements(self) -> Iterator[Locality]:
        return (locality for locality in self if locality.is_settlement)

    def named(self, name: str | None) -> frozenset[str]:
        """Return the codes of the settlements with this name, in any language. Former settlements are included."""
        return frozenset(self._named.get(joined(name), ()))

    def synonyms(self, name: str | None) -> frozenset[str]:
        """Return joined names (see `joined`).

        The result contains the names of all settlements with this name, and of their successors and predecessors.
        """
        codes = {now for code in self.named(name) for now in (code, self.now(code))}
        localities = filter(None, map(self.get, codes))
        return frozenset(name for locality in localities for name in self.names(locality))

    def names(self, locality: Locality) -> frozenset[str]:
        """Return the joined names of the locality, and of the localities that it replaced."""
        if locality.pcode not in self._names:
            same = (locality, *self.predecessors.get(locality.pcode, ()))
            self._names[locality.pcode] = frozenset(joined(term) for namesake in same for term in namesake.terms())
        return self._names[locality.pcode]

    def now(self, pcode: str) -> str:
        """If the locality has exactly one successor, return the successor's code; otherwise return the given code."""
        locality = self.get(pcode)
        return locality.successors[0] if locality and len(locality.successors) == 1 else pcode

    @cached_property
    def predecessors(self) -> dict[str, list[Locality]]:
        """For each successor, the localities that it replaced."""
        localities: dict[str, list[Locality]] = defaultdict(list)
        for locality in self:
            for successor in locality.successors:
                localities[successor].append(locality)
        return localities


def to_json(locality: Locality) -> dict[str, Any]:
    days = {name: day and day.isoformat() for name in ("valid_from", "valid_to") for day in (getattr(locality, name),)}
    return asdict(locality) | days


def from_json(properties: dict[str, Any]) -> Locality:
    days = {
        name: date.fromisoformat(properties[name]) if properties[name] else None for name in ("valid_from", "valid_to")
    }
    tuples = {name: tuple(properties[name]) for name in ("aliases", "successors")}
    return Locality(**{**properties, **days, **tuples, "kind": LocalityKind(properties["kind"])})

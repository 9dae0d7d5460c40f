"""Computes how many people of counted groups are where now, and where they came from.

Groups are never added to households, because a group's people may be registered as households too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import HouseholdUnit, Shelter


@dataclass(frozen=True, slots=True)
class CountRange:
    """The lowest and the highest of the counts of the same people."""

    lowest: int = 0
    highest: int = 0

    @classmethod
    def of(cls, counts: Iterable[int]) -> "CountRange":
        known = list(counts)
        return cls(min(known, default=0), max(known, default=0))

    def __add__(self, other: "CountRange") -> "CountRange":
        return CountRange(self.lowest + other.lowest, self.highest + other.highest)


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """`estimated` are those of the persons who were estimated from a number of families, not counted."""

    persons: CountRange = CountRange()
    estimated: CountRange = CountRange()
    families: CountRange = CountRange()
    yards: CountRange = CountRange()

    def __add__(self, other: "GroupFigures") -> "GroupFigures":
        return GroupFigures(
            self.persons + other.persons,
            self.estimated + other.estimated,
            self.families + other.families,
            self.yards + other.yards,
        )


@dataclass(frozen=True, slots=True)
class StatedPlace:
    """What was reported about a place. `country` is set abroad only; without any value the place is not stated."""

    pcode: str | None = None
    country: str | None = None
    locality: str | None = None
    shelter: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Equal for places whose localities differ in case or spaces only. Abroad, only the country counts."""
        if self.country:
            return (self.country,)
        locality = " ".join((self.locality or "").casefold().split())
        return (self.pcode or "", locality, self.shelter or "")

    @property
    def is_stated(self) -> bool:
        return any(self.key)


@dataclass(slots=True)
class GroupsHere:
    """The people at one place now, and their number by origin. The largest origin comes first."""

    place: StatedPlace
    figures: GroupFigures = GroupFigures()
    by_origin: dict[tuple[str, ...], tuple[StatedPlace, CountRange]] = field(default_factory=dict)

    def add(self, figures: GroupFigures, origin: StatedPlace) -> None:
        self.figures += figures
        known, persons = self.by_origin.get(origin.key, (origin, CountRange()))
        self.by_origin[origin.key] = (known, persons + figures.persons)

    @property
    def origins(self) -> list[tuple[StatedPlace, CountRange]]:
        return sorted(self.by_origin.values(), key=lambda each: (not each[0].is_stated, -each[1].highest))

    @property
    def rank(self) -> tuple[bool, bool, int]:
        return not self.place.is_stated, self.place.country is not None, -self.figures.persons.highest


@dataclass(frozen=True, slots=True)
class CountedGroups:
    """Places in the country come first, the largest first, then other countries; what is not stated is always last."""

    total: GroupFigures
    here: Sequence[GroupsHere]

    def first(self, most: int) -> list[GroupsHere]:
        """The first `most` places, and the row of people whose place is not stated, however many places there are."""
        return [each for number, each in enumerate(self.here) if number < most or not each.place.is_stated]


def by_place(counts: Iterable[Any]) -> CountedGroups:
    """Adds up the stocks. `counts` are the newest first; the newest one of a stock says where its people are."""
    stocks: dict[Any, list[Any]] = {}
    for count in counts:
        stocks.setdefault(count.stock_id, []).append(count)
    total, here = GroupFigures(), dict[tuple[str, ...], GroupsHere]()
    for stock in stocks.values():
        figures, place = _figures(stock), _destination(stock[0])
        total += figures
        here.setdefault(place.key, GroupsHere(place)).add(figures, _origin(stock[0]))
    return CountedGroups(total, sorted(here.values(), key=lambda each: each.rank))


def _figures(stock: Sequence[Any]) -> GroupFigures:
    return GroupFigures(
        CountRange.of(count.persons for count in stock),
        CountRange.of(count.persons if count.persons_estimated else 0 for count in stock),
        _households(stock, HouseholdUnit.FAMILIES),
        _households(stock, HouseholdUnit.YARDS),
    )


def _households(stock: Sequence[Any], unit: HouseholdUnit) -> CountRange:
    return CountRange.of(
        count.households for count in stock if count.household_unit == unit and count.households is not None
    )


def _destination(count: Any) -> StatedPlace:
    shelter = None if count.shelter == Shelter.UNKNOWN else count.shelter
    return StatedPlace(count.destination_pcode, _abroad(count.destination_country), count.destination_locality, shelter)


def _origin(count: Any) -> StatedPlace:
    return StatedPlace(count.origin_pcode, _abroad(count.origin_country), count.origin_locality)


def _abroad(country: str | None) -> str | None:
    return None if country in (COUNTRY, UNKNOWN_COUNTRY) else country

"""Computes how many people of counted groups are where now, and where they came from.

Groups are never added to households, because a group's people may be registered as households too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Shelter
from shared.places.localities import folded


@dataclass(frozen=True, slots=True)
class CountRange:
    """The lowest and the highest of the counts of the same people."""

    lowest: int = 0
    highest: int = 0

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
        """Equal for places whose localities are one for the registry too. Abroad, only the country counts."""
        return (self.country,) if self.country else (self.pcode or "", folded(self.locality), self.shelter or "")

    @property
    def is_stated(self) -> bool:
        return any(self.key)

    def without_locality(self, district: Callable[[str], str]) -> "StatedPlace":
        """The same for readers who do not see localities. A village's P-code becomes its district's."""
        return replace(self, pcode=district(self.pcode) if self.pcode else None, locality=None)


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

    here: Sequence[GroupsHere]

    @property
    def total(self) -> GroupFigures:
        """The people in the country, and those whose place is not known."""
        return sum((each.figures for each in self.here if not each.place.country), GroupFigures())

    @property
    def abroad(self) -> GroupFigures:
        """The people in other countries, who are never added to the total."""
        return sum((each.figures for each in self.here if each.place.country), GroupFigures())

    def first(self, most: int) -> list[GroupsHere]:
        """The first `most` places, and the row of people whose place is not stated, however many places there are."""
        return [each for number, each in enumerate(self.here) if number < most or not each.place.is_stated]


def by_place(rows: Iterable[Any], district: Callable[[str], str] | None = None) -> CountedGroups:
    """Adds up the rows of `queries.groups`, whose first row of a place gives the place's name.

    If `district` is given, it gives the district of a P-code, and places have no locality.
    """
    here = dict[tuple[str, ...], GroupsHere]()
    for row in rows:
        place, origin = _destination(row), _origin(row)
        if district:
            place, origin = place.without_locality(district), origin.without_locality(district)
        here.setdefault(place.key, GroupsHere(place)).add(_figures(row), origin)
    return CountedGroups(sorted(here.values(), key=lambda each: each.rank))


def _figures(row: Any) -> GroupFigures:
    return GroupFigures(
        CountRange(row.persons_lowest, row.persons_highest),
        CountRange(row.estimated_lowest, row.estimated_highest),
        CountRange(row.families_lowest, row.families_highest),
        CountRange(row.yards_lowest, row.yards_highest),
    )


def _destination(row: Any) -> StatedPlace:
    shelter = None if row.shelter == Shelter.UNKNOWN else row.shelter
    return StatedPlace(row.destination_pcode, _abroad(row.destination_country), row.destination_locality, shelter)


def _origin(row: Any) -> StatedPlace:
    return StatedPlace(row.origin_pcode, _abroad(row.origin_country), row.origin_locality)


def _abroad(country: str | None) -> str | None:
    return None if country in (COUNTRY, UNKNOWN_COUNTRY) else country

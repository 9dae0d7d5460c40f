"""Computes the numbers of people in counted groups, by present place and by origin.

Never add these numbers to the numbers of households: a person of a group may be registered in a household too.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Shelter
from shared.pages.languages import LANGUAGES
from shared.places import Places
from shared.places.localities import StatedLocality


@dataclass(frozen=True, slots=True)
class CountRange:
    lowest: int = 0
    highest: int = 0

    def __add__(self, other: "CountRange") -> "CountRange":
        if not other.highest:  # most ranges are zero, and a long sum would create thousands of objects
            return self
        return CountRange(self.lowest + other.lowest, self.highest + other.highest)


NOBODY = CountRange()


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Numbers of people in counted groups.

    - `estimated`: somebody estimated the number from the number of families
    - `evacuated`: evacuees
    - `unconfirmed`: evacuees whom nobody has seen for 24 hours, and other people whom nobody has seen for 30 days
    - `presumed`: people whose evacuation was lifted
    """

    persons: CountRange = NOBODY
    estimated: CountRange = NOBODY
    evacuated: CountRange = NOBODY
    unconfirmed: CountRange = NOBODY
    presumed: CountRange = NOBODY
    families: CountRange = NOBODY
    yards: CountRange = NOBODY

    def __add__(self, other: "GroupFigures") -> "GroupFigures":
        return GroupFigures(
            self.persons + other.persons,
            self.estimated + other.estimated,
            self.evacuated + other.evacuated,
            self.unconfirmed + other.unconfirmed,
            self.presumed + other.presumed,
            self.families + other.families,
            self.yards + other.yards,
        )


UNCOUNTED = GroupFigures()


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site. `names` is empty before the first event about the site.

    The desk typed `locality`, the name of the site's village. `locality_pcode` is the village's code.
    """

    site_id: UUID
    names: Mapping[str, str] = field(default_factory=dict)
    locality: str | None = None
    locality_pcode: str | None = None

    def name(self, language: str) -> str | None:
        return next((self.names[known] for known in (language, *LANGUAGES) if known in self.names), None)


@dataclass(frozen=True)
class StatedPlace:
    """A place as a report states it. If all fields are empty, the report states no place.

    `country` is set only for places abroad. `locality_pcode` is the code of the locality in the gazetteer.
    """

    pcode: str | None = None
    country: str | None = None
    locality: str | None = None
    shelter: str | None = None
    site: KnownSite | None = None
    locality_pcode: str | None = None

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Places that the registry treats as one place have equal keys.

        The key of a place abroad is its country.
        """
        if self.site:
            return (str(self.site.site_id),)
        if self.country:
            return (self.country,)
        return (*StatedLocality.of(self.locality, self.locality_pcode).key(self.pcode), self.shelter or "")

    def name(self, language: str, places: Places) -> str | None:
        named = self.site and self.site.name(language)
        return named or places.locality_name(self.locality, self.locality_pcode, language)

    def address(self, language: str, places: Places) -> str:
        """Writes the address of the place.

        The address of a site begins with the site's village, if the village is known.
        """
        locality = (self.site.locality, self.site.locality_pcode) if self.site else (None, None)
        return places.address(self.pcode, *locality, language)

    @property
    def version(self) -> tuple[Hashable, ...]:
        site = self.site and (self.site.site_id, *self.site.names.items(), self.site.locality, self.site.locality_pcode)
        return self.pcode, self.country, self.locality, self.shelter, self.locality_pcode, site

    @property
    def is_stated(self) -> bool:
        return any(self.key)

    def without_locality(self, district: Callable[[str], str]) -> "StatedPlace":
        """Replaces the P-code of a village by the P-code of its district."""
        return replace(
            self, pcode=district(self.pcode) if self.pcode else None, locality=None, site=None, locality_pcode=None
        )


@dataclass(slots=True)
class GroupsHere:
    """People at one place. `by_origin` begins with the origin of most people.

    `reported_at` is the time of the newest report.
    """

    place: StatedPlace
    figures: GroupFigures = UNCOUNTED
    by_origin: dict[tuple[str, ...], tuple[StatedPlace, CountRange]] = field(default_factory=dict)
    is_urgent: bool = False
    reported_at: datetime | None = None

    def add(self, figures: GroupFigures, origin: StatedPlace, reported_at: datetime, *, is_urgent: bool) -> None:
        self.figures = figures if self.figures is UNCOUNTED else self.figures + figures
        self.is_urgent |= is_urgent
        self.reported_at = max(reported_at, self.reported_at or reported_at)
        known, persons = self.by_origin.get(origin.key, (origin, CountRange()))
        self.by_origin[origin.key] = (known, persons + figures.persons)

    def merge(self, other: "GroupsHere") -> None:
        """Adds the people of another place, but not their origins."""
        self.figures += other.figures
        self.is_urgent |= other.is_urgent
        self.reported_at = max(filter(None, (self.reported_at, other.reported_at)), default=None)

    @property
    def origins(self) -> list[tuple[StatedPlace, CountRange]]:
        return sorted(self.by_origin.values(), key=lambda line: (not line[0].is_stated, -line[1].highest))

    @property
    def version(self) -> tuple[Hashable, ...]:
        origins = ((place.version, persons) for place, persons in self.origins)
        return self.place.version, self.figures, self.is_urgent, *origins

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        is_abroad = self.place.country is not None
        return not self.place.is_stated, not self.is_urgent, is_abroad, -self.figures.persons.highest


@dataclass(frozen=True)
class CountedGroups:
    """The places of counted groups, sorted.

    1. places with a group that needs help at once
    2. places in Kyrgyzstan
    3. other countries
    4. people without a stated place

    Within each part, the place with most people comes first.
    """

    here: Sequence[GroupsHere]

    @cached_property
    def total(self) -> GroupFigures:
        """Counts the people in Kyrgyzstan and the people without a stated place."""
        return sum((line.figures for line in self.here if not line.place.country), GroupFigures())

    @cached_property
    def abroad(self) -> GroupFigures:
        """Counts the people in other countries, whom `total` leaves out."""
        return sum((line.figures for line in self.here if line.place.country), GroupFigures())

    def first(self, most: int) -> list[GroupsHere]:
        """Returns the first `most` places, and in every case the people without a stated place."""
        return [*self.here[:most], *self.here[max(most, self._stated) :]]

    @cached_property
    def _stated(self) -> int:
        return sum(line.place.is_stated for line in self.here)


def by_place(rows: Iterable[Any], district: Callable[[str], str] | None = None) -> CountedGroups:
    """Adds up the rows of `queries.groups` by place. If the spelling of a place differs, the first row decides.

    `district` maps a P-code to its district. Pass `district` for readers who may not see localities.
    """
    here = dict[tuple[str, ...], GroupsHere]()
    for row in rows:
        place, origin = _destination(row), _origin(row)
        if district:
            place, origin = place.without_locality(district), origin.without_locality(district)
        known = here.setdefault(place.key, GroupsHere(place))
        known.add(_figures(row), origin, row.reported_at, is_urgent=row.is_urgent)
    return CountedGroups(sorted(here.values(), key=lambda line: line.rank))


def _figures(row: Any) -> GroupFigures:
    return GroupFigures(
        _range(row.persons_lowest, row.persons_highest),
        _range(row.estimated_lowest, row.estimated_highest),
        _range(row.evacuated_lowest, row.evacuated_highest),
        _range(row.unconfirmed_lowest, row.unconfirmed_highest),
        _range(row.presumed_lowest, row.presumed_highest),
        _range(row.families_lowest, row.families_highest),
        _range(row.yards_lowest, row.yards_highest),
    )


def _range(lowest: int, highest: int) -> CountRange:
    return CountRange(lowest, highest) if highest else NOBODY


def _destination(row: Any) -> StatedPlace:
    shelter = None if row.shelter == Shelter.UNKNOWN else row.shelter
    if country := _abroad(row.destination_country):
        return StatedPlace(None, country, row.destination_locality, shelter)
    pcode, locality = row.site_pcode or row.destination_pcode, row.destination_locality
    return StatedPlace(pcode, None, locality, shelter, _site(row), row.destination_locality_pcode)


def _site(row: Any) -> KnownSite | None:
    if not row.site_id:
        return None
    names = {language: getattr(row, f"name_{language}") for language in LANGUAGES}
    known = {language: name for language, name in names.items() if name}
    return KnownSite(row.site_id, known, row.site_locality, row.site_locality_pcode)


def _origin(row: Any) -> StatedPlace:
    country, pcode = _abroad(row.origin_country), row.origin_locality_pcode
    return StatedPlace(row.origin_pcode, country, row.origin_locality, locality_pcode=pcode)


def _abroad(country: str | None) -> str | None:
    return None if country in (COUNTRY, UNKNOWN_COUNTRY) else country

"""Counts the registered people at the places of counts, so that the alerts service can compare place by place. No I/O.

The place of a household is sealed, and no event may reveal it (docs/decisions/0068). The published sums are over
multiples of five households. The sums of a pair of districts change only after at least five of its households have
changed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from services.registry.counts.open_counts import OpenCount
from services.registry.households.household_parts import largest_first
from services.registry.households.movements import beginning
from services.registry.places.same_places import PlaceKey, SamePlaces, site_key
from services.registry.places.similar_names import similar_among
from services.registry.places.typed_sites import TypedSites
from services.registry.subjects import Subject
from shared import events
from shared.country import TIME_ZONE
from shared.departure_days import departed_on
from shared.events.fields import MOST_PERSONS
from shared.events.groups import PlaceComparison, RegisteredPeople
from shared.events.vocabulary import DISPLACED, Mobility
from shared.places.localities import StatedLocality, joined

WHOLE = 5  # numbers of households are rounded down to a multiple of this number

Pair = tuple[str, str]
Leaving = tuple[date, Mobility]
Comparisons = dict[UUID, PlaceComparison]


class HouseholdPlace(NamedTuple):
    """The site id is an empty string if no site is stated."""

    pcode: str
    site_id: str
    locality: StatedLocality


@dataclass(frozen=True, slots=True)
class RegisteredHousehold:
    """A household's displaced people are counted at the place where most of them are.

    Objects of this class must never be stored.
    """

    household_id: str
    registered_at: datetime
    origin_pcode: str
    place: HouseholdPlace
    left: Leaving
    persons: int

    @classmethod
    def of(cls, subject: Subject) -> "RegisteredHousehold | None":
        """None if nobody is displaced in the country, or if the day of departure is too vague."""
        departure, clear = subject.published, subject.published.clear
        course = subject.courses.by_departure.get(departure.report_id)
        parts = course.parts if course else beginning(departure)
        displaced = [position for position in parts if position.is_displaced() and parts[position].count]
        days = (moment.astimezone(TIME_ZONE).date() for moment in (clear.occurred_at, departure.known_at))
        stated, reported = days
        day = departed_on(stated, clear.occurred_at_precision, reported)
        if not displaced or day is None or not clear.origin.pcode or clear.mobility not in DISPLACED:
            return None
        place = largest_first(displaced, parts)[0]
        if not place.pcode:
            return None
        return cls(
            household_id=subject.name[1],
            registered_at=subject.registered_at,
            origin_pcode=clear.origin.pcode,
            place=HouseholdPlace(place.pcode, place.site_id, place.locality),
            left=(day, clear.mobility),
            persons=sum(parts[position].count for position in displaced),
        )


class ComparedSite(NamedTuple):
    site_id: UUID
    pcode: str
    locality: StatedLocality
    names: Sequence[str]


class CountedHousehold(Protocol):
    """Both a household and a part of a household have these properties."""

    @property
    def household_id(self) -> str: ...
    @property
    def registered_at(self) -> datetime: ...
    @property
    def persons(self) -> int: ...


Key = TypeVar("Key")
Household = TypeVar("Household", bound=CountedHousehold)


class PresentPlaces:
    def __init__(self, sites: Iterable[ComparedSite], same: SamePlaces) -> None:
        self._sites = {site_key(site.site_id): site for site in sites}
        self._typed = TypedSites(((site.site_id, site.pcode, site.names) for site in self._sites.values()), same)
        self._same = same

    def of_count(self, count: OpenCount) -> PlaceKey:
        return self._same.key(count.present_key)

    def of_household(self, at: HouseholdPlace) -> PlaceKey | None:
        """Return None if the report states neither a site nor a locality."""
        if at.site_id:
            return self._same.key(site_key(UUID(at.site_id)))
        if not any(at.locality):
            return None
        site_id = self._typed.meant(at.pcode, at.locality.name)
        return self._same.key(site_key(site_id) if site_id else at.locality.key(at.pcode))

    def words(self, place: PlaceKey, locality: StatedLocality) -> set[str]:
        """Names of joined places, and the locality of a site, are included."""
        words = {*locality}
        for key in self._same.all_of(place):
            site, (unit_or_code, name) = self._sites.get(key), key
            words |= {*map(joined, site.names), *site.locality} if site else {name or unit_or_code}
        return words - {""}


def by_pair(counts: Iterable[OpenCount], district: Callable[[str], str]) -> dict[Pair, list[OpenCount]]:
    counted = defaultdict[Pair, list[OpenCount]](list)
    for count in counts:
        if count.origin.pcode and count.destination.pcode:
            counted[district(count.origin.pcode), district(count.destination.pcode)].append(count)
    return dict(counted)


class ComparedHouseholds(Generic[Key, Household]):
    """Remembers which households each published comparison contains.

    If fewer than five households changed, the change is published only after more households have changed. Without this
    rule, the change of a sum could reveal a household that changed alone. At a site, the difference between two counts
    could also reveal a household that changed alone.
    """

    def __init__(self) -> None:
        self._published: dict[Key, list[frozenset[Household]]] = {}

    def of(self, key: Key, *present: Iterable[Household]) -> list[frozenset[Household]]:
        """Replaces each set of households by the set that is published.

        Two sets of one pair or site are equal, or differ by at least five households.
        """
        before, now = self._published.get(key, []), list[frozenset[Household]]()
        for households in map(frozenset, present):
            alike = (known for known in (*before, *now) if not are_apart(known, households))
            now.append(next(alike, households))
        self._published[key] = list(dict.fromkeys(now))
        return now

    def keep(self, keys: Collection[Key]) -> None:
        self._published = {key: households for key, households in self._published.items() if key in keys}


def are_apart(one: frozenset[Household], other: frozenset[Household]) -> bool:
    return len({household.household_id for household in one ^ other}) >= WHOLE


def compared(
    counts: Collection[OpenCount], households: Iterable[RegisteredHousehold], places: PresentPlaces
) -> Comparisons:
    counted = {count.report_id: places.of_count(count) for count in counts}
    by_place = defaultdict[PlaceKey | None, defaultdict[Leaving, list[RegisteredHousehold]]](lambda: defaultdict(list))
    for place, household in stated(counts, set(counted.values()), households, places):
        by_place[place][household.left].append(household)
    sums = {place: {left: whole(people) for left, people in leaving.items()} for place, leaving in by_place.items()}
    in_district = defaultdict[Leaving, list[tuple[int, int]]](list)
    for leaving in sums.values():
        for left, numbers in leaving.items():
            in_district[left].append(numbers)
    totals = {left: added(numbers) for left, numbers in in_district.items() if any(map(any, numbers))}
    return {report_id: comparison_at(place, sums.get(place, {}), totals) for report_id, place in counted.items()}


def stated(
    counts: Iterable[OpenCount],
    counted: Collection[PlaceKey],
    households: Iterable[RegisteredHousehold],
    places: PresentPlaces,
) -> Iterator[tuple[PlaceKey | None, RegisteredHousehold]]:
    """Maps each household at a counted place to the key of its place.

    The value is None for a household that is certainly elsewhere. A household may be at a counted place if the name of
    its own place is nearly equal. A household may be at a counted site if its own place is the locality of that site.
    If the place of a household is uncertain, the household is left out, so that nobody is counted twice.
    """
    of_counts = {
        word
        for count in counts
        for locality in [StatedLocality.of(count.destination.locality, count.destination.locality_pcode)]
        for word in places.words(places.of_count(count), locality)
    }
    by_stated = defaultdict[HouseholdPlace, list[RegisteredHousehold]](list)
    for household in households:
        by_stated[household.place].append(household)
    keys = {at: key for at in by_stated if (key := places.of_household(at))}
    elsewhere = {at: places.words(key, at.locality) for at, key in keys.items() if key not in counted}
    similar = similar_among(of_counts, {word for words in elsewhere.values() for word in words})
    like_counted = of_counts.union(*similar.values())
    for at, key in keys.items():
        if key in counted or like_counted.isdisjoint(elsewhere[at]):
            yield from ((key if key in counted else None, household) for household in by_stated[at])


def whole(households: Sequence[CountedHousehold]) -> tuple[int, int]:
    """Sums the persons and households, in the order of registration, up to a multiple of five households."""
    number = len(households) // WHOLE * WHOLE
    first = sorted(households, key=lambda household: (household.registered_at, household.household_id))[:number]
    return bounded(household.persons for household in first), number


def added(numbers: Iterable[tuple[int, int]]) -> tuple[int, int]:
    persons, households = zip(*numbers, strict=True)
    return bounded(persons), sum(households)


def bounded(persons: Iterable[int]) -> int:
    """The sum is limited to the highest number that an event may state.

    A typing error may give a household a million persons.
    """
    return min(sum(persons), MOST_PERSONS)


def comparison_at(
    place: PlaceKey, here: Mapping[Leaving, tuple[int, int]], totals: Mapping[Leaving, tuple[int, int]]
) -> PlaceComparison:
    return PlaceComparison(
        place_id=events.derived_id("place", *place),
        registered=tuple(
            RegisteredPeople(
                occurred_on=day,
                mobility=mobility,
                persons=here.get((day, mobility), (0, 0))[0],
                households=here.get((day, mobility), (0, 0))[1],
                stated_persons=persons,
                stated_households=households,
            )
            for (day, mobility), (persons, households) in sorted(totals.items())
        ),
    )

"""Compares registered with counted people at each place, by pure computation.

No event says at which place a single household is. With each count, the registry publishes two numbers of registered
people: at the count's site or locality, and at all stated places of the district. All other registered people may be at
any place (docs/decisions/0068).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from services.alerts.rules.windows import Window


@dataclass(frozen=True, slots=True)
class RegisteredThere:
    departed_on: date
    persons: int
    households: int
    stated_persons: int
    stated_households: int


@dataclass(frozen=True, slots=True)
class ComparedPlace:
    """`sequence` is the sequence of the event that has this comparison."""

    place_id: str
    sequence: int
    registered: tuple[RegisteredThere, ...] = ()

    def persons(self, window: Window) -> tuple[int, int]:
        left = [people for people in self.registered if people.departed_on in window]
        return sum(people.persons for people in left), sum(people.stated_persons for people in left)

    def households(self, window: Window) -> tuple[int, int]:
        left = [people for people in self.registered if people.departed_on in window]
        return sum(people.households for people in left), sum(people.stated_households for people in left)


NEWEST = attrgetter("sequence")


def at_all_places(
    registered: int,
    counts: Iterable[tuple[int, ComparedPlace | None]],
    numbers: Callable[[ComparedPlace], tuple[int, int]],
) -> int:
    """Takes the larger of the registered and the counted number at each place, and returns the sum.

    `numbers` returns the registered people at the given place, and those at all stated places of the district.

    Registered people without a known place, and counted people whose place is not compared, may be the same people.
    Only the number by which these counted people exceed these registered people is added, so that the result is the
    lowest possible number. Even with an outdated comparison, the result lies between the larger of the registered and
    counted numbers, and their sum.
    """
    counted, places, uncompared = Counter[str](), dict[str, ComparedPlace](), 0
    for number, place in counts:
        if place is None:
            uncompared += number
        else:
            counted[place.place_id] += number
            places[place.place_id] = max(place, places.get(place.place_id, place), key=NEWEST)
    there = Counter({place_id: numbers(place)[0] for place_id, place in places.items()})
    newest = max(places.values(), key=NEWEST, default=None)
    stated = max(numbers(newest)[1] if newest else 0, there.total())
    without_place = max(0, registered - stated)
    at_other_places = stated - there.total() + (there - counted).total()
    not_registered = (counted - there).total() + max(0, uncompared - at_other_places)
    total = registered + max(0, not_registered - without_place)
    counted_in_all = counted.total() + uncompared
    return min(max(total, counted_in_all), registered + counted_in_all)

"""How many people left a district: registered households and counts of groups, compared place by place.

A group and the households registered at the same place are partly the same people. The place is the district where the
people are now; "" is an unknown place.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.alerts.rules.windows import Window


@dataclass(frozen=True, slots=True)
class RegisteredDeparture:
    """Households that left an area on the same dates and are now at the same destination."""

    dates: tuple[date, ...]
    destination: str
    households: int
    persons: int

    def is_within(self, window: Window) -> bool:
        return any(day in window for day in self.dates)


@dataclass(frozen=True, slots=True)
class HeadCount:
    """A count of a group in effect. Counts with the same `stock_id` count the same people."""

    stock_id: UUID
    departed_on: date
    destination: str
    persons: int
    families: int = 0
    yards: int = 0


@dataclass(frozen=True, slots=True)
class DisplacementFigures:
    """The people that left within a window. `persons` and `households` take the larger figure of each destination."""

    persons: int
    households: int
    registered_households: int
    registered_persons: int
    counted_persons: int
    reports: int
    families: int
    yards: int

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "persons": self.persons,
            "households": self.registered_households,
            "registered_persons": self.registered_persons,
            "counted_persons": self.counted_persons,
            "reports": self.reports,
            "families": self.families,
            "yards": self.yards,
        }


@dataclass(slots=True)
class Departed:
    """All that is known about the people that left an area."""

    registered: list[RegisteredDeparture] = field(default_factory=list)
    counts: list[HeadCount] = field(default_factory=list)

    def newest(self, window: Window) -> date:
        """The latest date within the window on which people left."""
        days = (*(day for departure in self.registered for day in departure.dates), *self._counted_on())
        return max((day for day in days if day in window), default=window.last)

    def within(self, window: Window) -> DisplacementFigures:
        registered = [departure for departure in self.registered if departure.is_within(window)]
        counts = of_stocks(count for count in self.counts if count.departed_on in window)
        households, persons = Counter[str](), Counter[str]()
        for departure in registered:
            households[departure.destination] += departure.households
            persons[departure.destination] += departure.persons
        counted_households, counted_persons = Counter[str](), Counter[str]()
        for count in counts:
            counted_households[count.destination] += count.families + count.yards
            counted_persons[count.destination] += count.persons
        return DisplacementFigures(
            persons=(persons | counted_persons).total(),
            households=(households | counted_households).total(),
            registered_households=households.total(),
            registered_persons=persons.total(),
            counted_persons=counted_persons.total(),
            reports=len(counts),
            families=sum(count.families for count in counts),
            yards=sum(count.yards for count in counts),
        )

    def _counted_on(self) -> Iterable[date]:
        return (count.departed_on for count in self.counts)


def of_stocks(counts: Iterable[HeadCount]) -> list[HeadCount]:
    """The highest count of each stock. If the teams disagree, people may be missed by every lower count."""
    highest: dict[UUID, HeadCount] = {}
    for count in counts:
        known = highest.get(count.stock_id)
        if known is None or _size(count) > _size(known):
            highest[count.stock_id] = count
    return list(highest.values())


def _size(count: HeadCount) -> tuple[int, int, int, date]:
    return count.persons, count.families, count.yards, count.departed_on

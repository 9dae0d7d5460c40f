"""Computes how many people left a district. Registered households and counts of groups are compared place by place.

A group at a place may include households that are registered at this place. The place is the district where the
people are now; "" is an unknown place.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
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
    """A group's count that no other count replaced. Counts with the same `stock_id` count the same people.

    `departed_on` is the stock's departure date, which decides the window. `reported_on` is the departure date that this
    count reports.
    """

    stock_id: UUID
    departed_on: date
    reported_on: date
    destination: str
    persons: int
    families: int = 0
    yards: int = 0

    @property
    def households(self) -> int:
        """The larger number, because one team may count the families and another team the yards of the same people."""
        return max(self.families, self.yards)


@dataclass(frozen=True, slots=True)
class DisplacementFigures:
    """`persons` and `households` are sums over the destinations.

    Each destination adds the larger of its registered figure and its counted figure.
    """

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
    """The registered and the counted departures from an area."""

    registered: list[RegisteredDeparture] = field(default_factory=list)
    counts: list[HeadCount] = field(default_factory=list)

    def newest(self, window: Window) -> date:
        """The latest date within the window on which people left."""
        days = (
            *(day for departure in self.registered for day in departure.dates),
            *(count.departed_on for count in of_stocks(self.counts)),
        )
        return max((day for day in days if day in window), default=window.last)

    def latest_report(self, window: Window) -> date:
        """The latest date that the window's counts report. A recount may report a date after the window."""
        counts = (count.reported_on for count in of_stocks(self.counts) if count.departed_on in window)
        return max(counts, default=window.first)

    def within(self, window: Window) -> DisplacementFigures:
        registered = [departure for departure in self.registered if departure.is_within(window)]
        counts = [count for count in of_stocks(self.counts) if count.departed_on in window]
        households, persons = Counter[str](), Counter[str]()
        for departure in registered:
            households[departure.destination] += departure.households
            persons[departure.destination] += departure.persons
        counted_households, counted_persons = Counter[str](), Counter[str]()
        for count in counts:
            counted_households[count.destination] += count.households
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


def of_stocks(counts: Iterable[HeadCount]) -> list[HeadCount]:
    """Combines the counts of each stock into one count with the highest number, because a count may miss people."""
    by_stock = defaultdict[UUID, list[HeadCount]](list)
    for count in counts:
        by_stock[count.stock_id].append(count)
    return [_of_stock(same) for same in by_stock.values()]


def _of_stock(same: Sequence[HeadCount]) -> HeadCount:
    """The highest number of each measure, because one team may count persons and another team families."""
    return replace(
        max(same, key=lambda count: (count.persons, count.destination)),
        departed_on=min(count.departed_on for count in same),
        reported_on=max(count.reported_on for count in same),
        families=max(count.families for count in same),
        yards=max(count.yards for count in same),
    )

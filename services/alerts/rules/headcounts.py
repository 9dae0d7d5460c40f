"""Computes how many people left a district.

A counted group may include registered households, so registered and counted people are compared at each place. A
destination is the district where the people now live, or "" if this district is unknown. Within a destination,
`compared_places` compares sites and localities. Includes people in held reports, and computes the number of these
people separately.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.alerts.rules.compared_places import NEWEST, ComparedPlace, at_all_places
from services.alerts.rules.windows import Window

# If a count's departure is later than the stock's by more than this time, the count is about a new displacement.
# `queries/groups.py` uses the same number of days.
SAME_DISPLACEMENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RegisteredDeparture:
    dates: tuple[date, ...]
    destination: str
    households: int
    persons: int

    def is_within(self, window: Window) -> bool:
        return any(day in window for day in self.dates)


@dataclass(frozen=True, slots=True)
class HeadCount:
    """Counts with one `stock_id` count the same people.

    `departed_on` is the departure date of the stock, which decides the window. `reported_on` is the departure date in
    this count. `is_estimated` is true if `persons` was estimated from families or yards. `place` is None if the
    registry has compared no registered people with this count.
    """

    stock_id: UUID
    departed_on: date
    reported_on: date
    destination: str
    persons: int
    families: int = 0
    yards: int = 0
    is_estimated: bool = False
    place: ComparedPlace | None = None

    @property
    def households(self) -> int:
        """Two teams may have counted the same people as families and as yards, so the larger number is used."""
        return max(self.families, self.yards)


@dataclass(frozen=True, slots=True)
class DisplacementFigures:
    """`persons` and `households` are sums over all sites and localities.

    At each place, the larger of the registered and the counted figure is added. `held_persons` and `held_households`
    are what held reports add to `persons` and `households`. All other figures leave held reports out. `reports` is how
    many counts found people. `estimated_persons` is the part of `counted_persons` that comes from an estimate by
    families or yards.
    """

    persons: int
    households: int
    registered_households: int
    registered_persons: int
    counted_persons: int
    reports: int
    families: int
    yards: int
    estimated_persons: int = 0
    held_persons: int = 0
    held_households: int = 0

    @property
    def figures(self) -> dict[str, Any]:
        recorded = {
            "persons": self.persons,
            "households": self.registered_households,
            "registered_persons": self.registered_persons,
            "counted_persons": self.counted_persons,
            "reports": self.reports,
            "families": self.families,
            "yards": self.yards,
        }
        if self.estimated_persons:
            recorded |= {"estimated_persons": self.estimated_persons}
        if not (self.held_persons or self.held_households):
            return recorded
        return recorded | {"held_persons": self.held_persons, "held_households": self.held_households}


@dataclass(slots=True)
class Departed:
    registered: list[RegisteredDeparture] = field(default_factory=list)
    counts: list[HeadCount] = field(default_factory=list)
    held: list[RegisteredDeparture] = field(default_factory=list)
    held_counts: list[HeadCount] = field(default_factory=list)

    @property
    def stocks(self) -> list[HeadCount]:
        return of_stocks(self.counts)

    @property
    def stocks_with_held(self) -> list[HeadCount]:
        return with_held(self.stocks, of_stocks(self.held_counts))

    def newest(self, window: Window) -> date:
        days = (
            *(day for departure in (*self.registered, *self.held) for day in departure.dates),
            *(count.departed_on for count in self.stocks_with_held),
        )
        return max((day for day in days if day in window), default=window.last)

    def latest_report(self, window: Window) -> date:
        """The date may lie after the window, because a recount may report a later date."""
        counts = (count.reported_on for count in self.stocks_with_held if count.departed_on in window)
        return max(counts, default=window.first)

    def within(self, window: Window) -> DisplacementFigures:
        recorded = _sums(window, self.registered, self.stocks)
        if not (self.held or self.held_counts):
            return recorded
        known = _sums(window, [*self.registered, *self.held], self.stocks_with_held)
        return replace(
            recorded,
            persons=known.persons,
            households=known.households,
            held_persons=known.persons - recorded.persons,
            held_households=known.households - recorded.households,
        )


def _sums(
    window: Window, departures: Iterable[RegisteredDeparture], stocks: Iterable[HeadCount]
) -> DisplacementFigures:
    registered = [departure for departure in departures if departure.is_within(window)]
    counts = [count for count in stocks if count.departed_on in window]
    households, persons = Counter[str](), Counter[str]()
    for departure in registered:
        households[departure.destination] += departure.households
        persons[departure.destination] += departure.persons
    by_destination = defaultdict[str, list[HeadCount]](list)
    for count in counts:
        by_destination[count.destination].append(count)
    destinations = sorted(persons.keys() | by_destination.keys())
    return DisplacementFigures(
        persons=sum(
            at_all_places(
                persons[destination],
                [(count.persons, count.place) for count in by_destination[destination]],
                lambda place: place.persons(window),
            )
            for destination in destinations
        ),
        households=sum(
            at_all_places(
                households[destination],
                [(count.households, count.place) for count in by_destination[destination]],
                lambda place: place.households(window),
            )
            for destination in destinations
        ),
        registered_households=households.total(),
        registered_persons=persons.total(),
        counted_persons=sum(count.persons for count in counts),
        reports=sum(1 for count in counts if count.persons or count.households),
        families=sum(count.families for count in counts),
        yards=sum(count.yards for count in counts),
        estimated_persons=sum(count.persons for count in counts if count.is_estimated),
    )


def with_held(stocks: Iterable[HeadCount], held: Iterable[HeadCount]) -> list[HeadCount]:
    """A held count never moves a stock to another window or another place."""
    known = {stock.stock_id: stock for stock in stocks}
    new_displacements = []
    for count in held:
        stock = known.get(count.stock_id)
        if stock is None or count.departed_on - stock.departed_on > SAME_DISPLACEMENT:
            new_displacements.append(count)
        else:
            known[count.stock_id] = _highest(stock, count)
    return [*known.values(), *new_displacements]


def of_stocks(counts: Iterable[HeadCount]) -> list[HeadCount]:
    """A count may miss people, so the highest count of a stock is used."""
    by_stock = defaultdict[UUID, list[HeadCount]](list)
    for count in counts:
        by_stock[count.stock_id].append(count)
    return [_of_stock(same) for same in by_stock.values()]


def _of_stock(same: Sequence[HeadCount]) -> HeadCount:
    """Teams count different things, so each highest number may come from another team."""
    largest = max(same, key=lambda count: (count.persons, count.destination))
    latest = max(count.departed_on for count in same)
    return replace(
        _highest(largest, *same),
        place=max((count.place for count in same if count.place), key=NEWEST, default=None),
        departed_on=min(day for day in (count.departed_on for count in same) if latest - day <= SAME_DISPLACEMENT),
    )


def _highest(count: HeadCount, *others: HeadCount) -> HeadCount:
    """The highest number of persons counts as an estimate only if every team that counted this number estimated it."""
    counts = (count, *others)
    persons = max(count.persons for count in counts)
    return replace(
        count,
        reported_on=max(count.reported_on for count in counts),
        persons=persons,
        is_estimated=all(count.is_estimated for count in counts if count.persons == persons),
        families=max(count.families for count in counts),
        yards=max(count.yards for count in counts),
    )

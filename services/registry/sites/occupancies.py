"""Computes the number of people at each site: the counts in effect, changed by later movements. No I/O.

A movement of a group changes the group's counts, so that nothing must be added or subtracted for the movement.
The persons who came or left by movements of registered households after a count are added or subtracted. Counted and
registered persons are compared and never added, because they may be the same people. A count of everybody at a site
includes the registered persons at the site. Without a count of everybody, the number is at least the number of
registered persons who are at the site now. The rules are in docs/decisions/0079.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from shared.events.vocabulary import Precision
from shared.places.site_counts import Share, by_stock, order, shares


class CountAtSite(NamedTuple):
    """`counted` is the number of people who were counted.

    `persons` is the number of people who are left after movements. `steps` are the numbers of people who were left
    after each movement, the earliest first. `changed_at` is the time of the first movement.
    """

    site_id: UUID
    counted_at: datetime
    reported_at: datetime
    report_id: UUID
    stock_id: UUID
    superseded_by: UUID | None
    persons: int
    covers_site: bool
    movement_id: UUID | None = None
    counted: int = 0
    changed_at: datetime | None = None
    counted_at_precision: str = Precision.HOUR
    steps: tuple[tuple[datetime, int], ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether other counts at the site may include the same people."""
        return self.movement_id is None and self.stock_id == self.report_id

    @property
    def is_arrival(self) -> bool:
        return self.movement_id is not None

    def left_since(self, at: datetime) -> int:
        if self.changed_at is None:
            return 0
        before = [persons for step_at, persons in self.steps if step_at <= at]
        were_there = self.counted if self.changed_at > at else before[-1] if before else 0
        return max(0, were_there - self.persons)


class SiteStay(NamedTuple):
    """Registered displaced persons who are at a site now.

    `came_at` is the latest possible time of the movement that brought the persons. If no movement brought the persons,
    `came_at` is the earliest time at which they can have left their home.
    """

    site_id: UUID
    came_at: datetime
    persons: int


class SiteDeparture(NamedTuple):
    """`came_at` has the same meaning as in `SiteStay`. In rows of earlier releases of Dayar, `came_at` is None."""

    site_id: UUID
    came_at: datetime | None
    left_at: datetime
    persons: int

    def came_after(self, since: datetime | None) -> bool:
        return since is None or (self.came_at is not None and self.came_at > since)


@dataclass(frozen=True, slots=True)
class RegisteredMoves:
    staying: Sequence[SiteStay] = ()
    departures: Sequence[SiteDeparture] = ()

    @property
    def persons(self) -> int:
        return sum(stay.persons for stay in self.staying)

    def came_since(self, at: datetime) -> int:
        return sum(stay.persons for stay in self.staying if stay.came_at > at)

    def left_between(self, at: datetime, until: datetime | None) -> list[SiteDeparture]:
        """If `until` is given, persons who left after `until` are left out."""
        left = (
            departure
            for departure in self.departures
            if departure.left_at > at and (departure.came_at is None or departure.came_at <= at)
        )
        return [departure for departure in left if not until or departure.left_at <= until]


class Fall(NamedTuple):
    """A recount that found fewer people than the counts that it replaced."""

    at: datetime
    persons: int


class StockAtSite(NamedTuple):
    """`counts` are the counts of one group of people, the newest first.

    `persons` is the number of people who are still at the site. If teams disagree, `persons` is the lowest or the
    highest number.
    """

    counts: Sequence[CountAtSite]
    persons: int
    falls: Sequence[Fall] = ()

    @property
    def at(self) -> datetime:
        return self.counts[0].counted_at

    @property
    def is_arrival(self) -> bool:
        return self.counts[0].is_arrival

    def left_between(self, at: datetime, until: datetime | None) -> int:
        """The number of people who left after `at`, up to `until`, by movements of their group and by recounts."""
        if self.is_arrival:
            return 0
        moved = max(count.left_since(at) - (count.left_since(until) if until else 0) for count in self.counts)
        return moved + sum(fall.persons for fall in self.falls if at < fall.at and (not until or fall.at <= until))


class BetweenCounts(NamedTuple):
    """People who were at a site at the time of a count (`at`) and left before the next count.

    `registered` left by movements of their households. `counted` left by movements of their groups, or by recounts.
    """

    at: datetime
    registered: Sequence[SiteDeparture]
    counted: int


@dataclass(frozen=True, slots=True)
class Occupancy:
    """If teams disagree, the true number is between `lowest` and `highest`.

    `counted_at` is the time of the newest count, or of the newest arrival of counted people. `counted_at` is None if
    there is no count and no arrival. `counted_at_precision` says whether the hour of `counted_at` is known. `reports`
    are the counts whose numbers are added, newest first. If `has_partial_counts` is true, the number may be too high,
    because partial counts can overlap. `registered_came` are registered persons who were added, because they came after
    a count. `registered_left` are registered persons who were subtracted, because they left after a count. `registered`
    are all registered persons who are at the site now. `is_registered` is true if the number is that of the registered
    persons: nobody has counted everybody, and the sum of the counts is smaller.
    """

    lowest: int
    highest: int
    counted_at: datetime | None
    reports: tuple[UUID, ...] = ()
    has_partial_counts: bool = False
    registered_came: int = 0
    registered_left: int = 0
    registered: int = 0
    is_registered: bool = False
    counted_at_precision: str = Precision.HOUR


NOBODY = RegisteredMoves()


def occupancies(counts: Iterable[CountAtSite], registered: RegisteredMoves = NOBODY) -> dict[UUID, Occupancy]:
    """`counts` must contain all counts at the sites, even replaced counts."""
    by_site = defaultdict[UUID, list[CountAtSite]](list)
    for count in counts:
        by_site[count.site_id].append(count)
    by_share = {site_id: shares_of_site for site_id, at_site in by_site.items() if (shares_of_site := shares(at_site))}
    there = registered_by_site(registered)
    occupied = {site_id for site_id, at_site in there.items() if at_site.persons} | by_share.keys()
    return {
        site_id: _occupancy(by_share.get(site_id, ()), there.get(site_id, NOBODY), falls(by_site.get(site_id, ())))
        for site_id in occupied
    }


def falls(counts: Sequence[CountAtSite]) -> Mapping[UUID, Sequence[Fall]]:
    """Returns, for each stock, the recounts that found fewer people than the counts before."""
    known = {count.report_id: count for count in counts}
    replaced, falls_by_stock = defaultdict[UUID, list[CountAtSite]](list), defaultdict[UUID, list[Fall]](list)
    for count in counts:
        if (recount := known.get(count.superseded_by or count.report_id)) and order(recount) > order(count):
            replaced[recount.report_id].append(count)
    for report_id, earlier in replaced.items():
        recount = known[report_id]
        counted = sum(max(count.counted for count in stock) for stock in by_stock(earlier).values())
        falls_by_stock[recount.stock_id].append(Fall(recount.counted_at, max(0, counted - recount.counted)))
    return falls_by_stock


def registered_by_site(registered: RegisteredMoves) -> Mapping[UUID, RegisteredMoves]:
    staying, departures = defaultdict[UUID, list[SiteStay]](list), defaultdict[UUID, list[SiteDeparture]](list)
    for stay in registered.staying:
        staying[stay.site_id].append(stay)
    for departure in registered.departures:
        departures[departure.site_id].append(departure)
    return {site_id: RegisteredMoves(staying[site_id], departures[site_id]) for site_id in {*staying, *departures}}


def _occupancy(
    stock_shares: Sequence[Share[CountAtSite]], there: RegisteredMoves, fallen: Mapping[UUID, Sequence[Fall]]
) -> Occupancy:
    newest_first = sorted((count for share in stock_shares for count in share.counts), key=order, reverse=True)
    with_falls = [(share, fallen.get(share.counts[0].stock_id, ())) for share in stock_shares]
    fewest, most = (
        [StockAtSite(share.counts, end(share.range(attrgetter("persons"))), fell) for share, fell in with_falls]
        for end in (min, max)
    )
    departed = _departed(most, there)
    came, left = _came(most, there, departed), _left(most, departed)
    lowest = _remaining(fewest, departed) + _came(fewest, there, departed)
    highest = _remaining(most, departed) + came
    is_everybody_counted = any(share.counts[0].covers_site for share in stock_shares)
    at_least = 0 if is_everybody_counted else there.persons
    is_registered = at_least > highest
    return Occupancy(
        lowest=max(lowest, at_least),
        highest=max(highest, at_least),
        counted_at=newest_first[0].counted_at if newest_first else None,
        reports=tuple(dict.fromkeys(count.movement_id or count.report_id for count in newest_first)),
        has_partial_counts=not is_registered and any(count.is_partial for count in newest_first),
        registered_came=0 if is_registered else came,
        registered_left=0 if is_registered else left,
        registered=there.persons,
        is_registered=is_registered,
        counted_at_precision=newest_first[0].counted_at_precision if newest_first else Precision.HOUR,
    )


def _departed(stocks: Sequence[StockAtSite], there: RegisteredMoves) -> list[BetweenCounts]:
    times = _counted_at(stocks)
    return [
        BetweenCounts(at, registered, sum(stock.left_between(at, until) for stock in stocks))
        for at, until in zip(times, (*times, None)[1:], strict=True)
        if (registered := there.left_between(at, until))
    ]


def _counted_at(stocks: Sequence[StockAtSite]) -> list[datetime]:
    return sorted({stock.at for stock in stocks if not stock.is_arrival})


def _came(stocks: Sequence[StockAtSite], there: RegisteredMoves, departed: Sequence[BetweenCounts]) -> int:
    surpluses = (
        registered - _remaining([stock for stock in stocks if stock.at > at], departed, since=at)
        for at in _counted_at(stocks)
        if (registered := there.came_since(at))
    )
    return max((0, *surpluses))


def _remaining(stocks: Sequence[StockAtSite], departed: Sequence[BetweenCounts], since: datetime | None = None) -> int:
    return sum(stock.persons for stock in stocks) - _left(stocks, departed, since)


def _left(stocks: Sequence[StockAtSite], departed: Sequence[BetweenCounts], since: datetime | None = None) -> int:
    """The number of registered persons who were at the site at the time of a count, and left later.

    Persons who may be in a group that moved are not subtracted. Persons whom a later recount may not have found any
    more are not subtracted. The result is at most the number of people who were counted before the persons left. If
    `since` is given, only persons who came after `since` are subtracted.
    """
    left = 0
    for between in departed:
        if registered := sum(departure.persons for departure in between.registered if departure.came_after(since)):
            counted = sum(stock.persons for stock in stocks if stock.at <= between.at)
            left = min(counted, left + max(0, registered - between.counted))
    return left

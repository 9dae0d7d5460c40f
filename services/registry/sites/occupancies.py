"""Computes the number of people at each site: the newest count, changed by later movements. No I/O.

A movement of a group changes the counts themselves. Movements of registered households after the newest count are added
or subtracted here. The same people may be in the report of their group and in the report of their household, so only
the larger of the two numbers counts. If nobody has counted people at a site, the registered persons who are there now
are its people. The rules are in docs/decisions/0079.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from shared.places.site_counts import Share, order, shares


class CountAtSite(NamedTuple):
    """A count of people at a site, in effect or replaced. `headcounts.py` explains the fields.

    `persons` are the people who are left after movements, and `counted` those who were counted. `steps` are the numbers
    of people who were left after each movement, the earliest first. If everybody left, the last step is missing;
    `changed_at` is the time of the first movement.
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
    steps: tuple[tuple[datetime, int], ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether the count has its own stock. Such a count may include people whom other counts also include."""
        return self.movement_id is None and self.stock_id == self.report_id

    @property
    def is_arrival(self) -> bool:
        """Whether nobody counted these people at the site: they are a part of a group that came by a movement."""
        return self.movement_id is not None

    def left_since(self, at: datetime) -> int:
        """The number of the counted people who left after this time."""
        if self.changed_at is None:
            return 0
        before = [persons for step_at, persons in self.steps if step_at <= at]
        were_there = self.counted if self.changed_at > at else before[-1] if before else 0
        return max(0, were_there - self.persons)


class SiteStay(NamedTuple):
    """Registered displaced persons who are at a site now.

    `came_at` is the latest time of the movement by which they came. If no movement brought them, it is the earliest
    time at which they can have left their home.
    """

    site_id: UUID
    came_at: datetime
    persons: int


class SiteDeparture(NamedTuple):
    """Registered persons who left a site by a movement of their household.

    `came_at` is as in `SiteStay`. It is None in rows of earlier releases.
    """

    site_id: UUID
    came_at: datetime | None
    left_at: datetime
    persons: int


@dataclass(frozen=True, slots=True)
class RegisteredMoves:
    """The registered persons of one or more sites."""

    staying: Sequence[SiteStay] = ()
    departures: Sequence[SiteDeparture] = ()

    @property
    def persons(self) -> int:
        return sum(stay.persons for stay in self.staying)

    def came_since(self, at: datetime) -> int:
        """The persons who came after this time and are still there."""
        return sum(stay.persons for stay in self.staying if stay.came_at > at)

    def left_since(self, at: datetime) -> int:
        """The persons who were there at this time and left later."""
        left = (each for each in self.departures if each.left_at > at and (each.came_at is None or each.came_at <= at))
        return sum(departure.persons for departure in left)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The people at a site. If teams disagree, their number lies between `lowest` and `highest`.

    `counted_at` is the time of the newest count, or of the newest arrival of counted people; None if there is neither.
    `reports` are the counts whose numbers are added, newest first. If `has_partial_counts` is true, some of these
    counts are partial, so the number may be too high. `registered_came` and `registered_left` are the persons of
    registered households who were added and subtracted because they came or left after the newest count. `registered`
    are all registered persons who are there now. If `is_registered` is true, the number is theirs, and no count.
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


NOBODY = RegisteredMoves()


def occupancies(counts: Iterable[CountAtSite], registered: RegisteredMoves = NOBODY) -> dict[UUID, Occupancy]:
    """The occupancy of each site that has a count or registered people.

    `counts` must contain all counts at these sites, also replaced ones.
    """
    by_site = defaultdict[UUID, list[CountAtSite]](list)
    for count in counts:
        by_site[count.site_id].append(count)
    by_share = {site_id: found for site_id, at_site in by_site.items() if (found := shares(at_site))}
    there = registered_by_site(registered)
    occupied = {site_id for site_id, at_site in there.items() if at_site.persons} | by_share.keys()
    return {site_id: _occupancy(by_share.get(site_id, ()), there.get(site_id, NOBODY)) for site_id in occupied}


def registered_by_site(registered: RegisteredMoves) -> Mapping[UUID, RegisteredMoves]:
    staying, departures = defaultdict[UUID, list[SiteStay]](list), defaultdict[UUID, list[SiteDeparture]](list)
    for stay in registered.staying:
        staying[stay.site_id].append(stay)
    for departure in registered.departures:
        departures[departure.site_id].append(departure)
    return {site_id: RegisteredMoves(staying[site_id], departures[site_id]) for site_id in {*staying, *departures}}


def _occupancy(found: Sequence[Share[CountAtSite]], there: RegisteredMoves) -> Occupancy:
    newest_first = sorted((count for share in found for count in share.counts), key=order, reverse=True)
    counted_at = next((count.counted_at for count in newest_first if not count.is_arrival), None)
    ranges = [share.range(attrgetter("persons")) for share in found]
    lowest, highest = sum(lowest for lowest, _ in ranges), sum(highest for _, highest in ranges)
    came, left = _moved(found, there, counted_at) if counted_at else (0, 0)
    is_registered = counted_at is None and there.persons > highest
    if is_registered:
        lowest = highest = there.persons
    return Occupancy(
        lowest=max(0, lowest + came - left),
        highest=max(0, highest + came - left),
        counted_at=newest_first[0].counted_at if newest_first else None,
        reports=tuple(dict.fromkeys(count.movement_id or count.report_id for count in newest_first)),
        has_partial_counts=any(count.is_partial for count in newest_first),
        registered_came=came,
        registered_left=left,
        registered=there.persons,
        is_registered=is_registered,
    )


def _moved(found: Sequence[Share[CountAtSite]], there: RegisteredMoves, counted_at: datetime) -> tuple[int, int]:
    """The registered persons to add and to subtract, without those who may be among the people of moved groups."""
    arrived = departed = 0
    for share in found:
        if share.counts[0].is_arrival:
            arrived += max(count.persons if count.counted_at > counted_at else 0 for count in share.counts)
        else:
            departed += max(count.left_since(counted_at) for count in share.counts)
    return max(0, there.came_since(counted_at) - arrived), max(0, there.left_since(counted_at) - departed)

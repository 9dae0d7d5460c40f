"""Sums the registered people of known origin who were at a site at the time of a count of everybody.

A count of everybody at a site states no origin, but includes registered people of known origin. Without these sums, two
alerts would each count the registered people at the site (docs/decisions/0077).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import null, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import GroupCount, Household, SitePassage, SiteResident
from services.registry.places.queries import IS_OPEN, MOST
from services.registry.places.registered_places import whole
from services.registry.places.same_places import site_key
from services.registry.search.keys import SearchKeys
from shared import events
from shared.events.groups import PlaceComparison
from shared.events.vocabulary import DISPLACED, Status


class CountOfEverybody(NamedTuple):
    report_id: UUID
    group_id: UUID
    site_id: UUID
    counted_at: datetime


class HouseholdThere(NamedTuple):
    """The place of a household is sealed, so this object is never stored."""

    household_id: str
    registered_at: datetime
    persons: int


class TimeAtSite(NamedTuple):
    """`left_at` is None if the people are still at the site."""

    household_id: UUID
    registered_at: datetime
    came_at: datetime
    left_at: datetime | None
    persons: int

    def contains(self, at: datetime) -> bool:
        """A registration does not say when people came to the site, so the report must be older than `at`."""
        return self.registered_at <= at and self.came_at <= at and (self.left_at is None or at < self.left_at)


async def counts_of_everybody(session: AsyncSession, status: Status, since: datetime) -> list[CountOfEverybody]:
    columns = GroupCount.report_id, GroupCount.group_id, GroupCount.site_id, GroupCount.counted_at
    wanted = select(*columns).where(
        IS_OPEN,
        GroupCount.covers_site.is_(True),
        GroupCount.status == status,
        GroupCount.mobility.in_(DISPLACED),
        GroupCount.occurred_at >= since,
    )
    rows = await session.execute(wanted.order_by(GroupCount.counted_at.desc()).limit(MOST))
    return [CountOfEverybody._make(row) for row in rows]


async def households_there(
    session: AsyncSession, search: SearchKeys, status: Status, counts: Collection[CountOfEverybody]
) -> dict[UUID, list[HouseholdThere]]:
    """Returns only households of known origin that were at the site at the time of the count."""
    stays = await _stays(session, search, status, {count.site_id for count in counts})
    return {count.report_id: _there(stays[count.site_id], count.counted_at) for count in counts}


def _there(stays: Iterable[TimeAtSite], at: datetime) -> list[HouseholdThere]:
    persons = Counter[tuple[str, datetime]]()
    for stay in stays:
        if stay.contains(at):
            persons[str(stay.household_id), stay.registered_at] += stay.persons
    return [HouseholdThere(*household, number) for household, number in persons.items()]


async def _stays(
    session: AsyncSession, search: SearchKeys, status: Status, site_ids: Collection[UUID]
) -> Mapping[UUID, list[TimeAtSite]]:
    site_of = {key: site_id for site_id in site_ids for key in search.of_sites([str(site_id)])}
    times_by_site = defaultdict[UUID, list[TimeAtSite]](list)
    now = (SiteResident, null()), (SitePassage, SitePassage.moved_at)
    for table, left_at in now:
        stay = table.household_id, Household.registered_at, table.came_at, left_at, table.persons
        wanted = (
            select(table.site_key, *stay)
            .join(Household, Household.household_id == table.household_id)
            .where(
                table.site_key.in_(site_of),
                table.status == status,
                table.came_at.is_not(None),  # earlier releases of Dayar did not store when people came
                Household.origin_pcode.is_not(None),
            )
        )
        for row in await session.execute(wanted):
            times_by_site[site_of[row[0]]].append(TimeAtSite._make(row[1:]))
    return times_by_site


def comparison_with(count: CountOfEverybody, households: Collection[HouseholdThere]) -> PlaceComparison:
    persons, number = whole([*households])
    return PlaceComparison(
        place_id=events.derived_id("place", *site_key(count.site_id)),
        registered=(),
        included_persons=persons,
        included_households=number,
    )

"""Queries about sites, and about the counts of people there."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, false, func, not_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import GroupCount, GroupStay, Site, SiteKey, SitePassage, SiteResident
from services.registry.reports import NEVER
from services.registry.search.keys import SearchKeys
from services.registry.sites.occupancies import CountAtSite, RegisteredMoves, SiteDeparture, SiteStay
from services.registry.visibility import Visibility
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import DISPLACED, Measure, Precision, Status, SubStock
from shared.postgres.arrays import any_of

# raw SQL: SQLAlchemy has no advisory locks
LOCK = text("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.sites'))")
COUNTED = (
    GroupCount.site_id,
    GroupCount.counted_at,
    GroupCount.reported_at,
    GroupCount.report_id,
    GroupCount.stock_id,
    GroupCount.superseded_by,
    func.coalesce(GroupCount.displaced, GroupCount.persons),
    func.coalesce(GroupCount.covers_site, false()),
    GroupCount.movement_id,
    GroupCount.persons,
    GroupCount.changed_at,
    func.coalesce(GroupCount.counted_at_precision, Precision.HOUR),
)


async def lock(session: AsyncSession) -> None:
    """With the lock, a transaction sees all earlier changes, and the events of a site are in order."""
    await session.execute(LOCK)


async def site(session: AsyncSession, site_id: UUID) -> Site | None:
    return await session.get(Site, site_id)


async def page(session: AsyncSession, limit: int, after: UUID | None = None) -> Sequence[Site]:
    wanted = select(Site).order_by(Site.site_id).limit(limit)
    if after is not None:
        wanted = wanted.where(Site.site_id > after)
    return (await session.scalars(wanted)).all()


async def named(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Site]:
    return (await session.scalars(select(Site).where(Site.site_id.in_(ids)))).all() if ids else ()


async def everything(session: AsyncSession) -> Sequence[Site]:
    return (await session.scalars(select(Site))).all()


async def with_pcode(session: AsyncSession, pcode: str) -> Sequence[Site]:
    return (await session.scalars(select(Site).where(Site.pcode == pcode))).all()


async def key(session: AsyncSession, site_id: UUID) -> SiteKey | None:
    return await session.get(SiteKey, site_id)


async def counts(session: AsyncSession, status: Status, site_ids: Collection[UUID]) -> list[CountAtSite]:
    """The number of a count includes only people who are left after movements.

    People who moved to a site have a count of their own there. A count of people abroad that names a site is a mistake,
    and is left out.
    """
    rows = await session.execute(
        select(*COUNTED).where(
            GroupCount.site_id == any_of(site_ids, Uuid),
            GroupCount.status == status,
            GroupCount.measure == Measure.STOCK,
            func.coalesce(GroupCount.sub_stock, SubStock.IN_DISPLACEMENT) == SubStock.IN_DISPLACEMENT,
            GroupCount.mobility.in_(DISPLACED),
            func.coalesce(GroupCount.destination_country, COUNTRY).in_((COUNTRY, UNKNOWN_COUNTRY)),
        )
    )
    counts = [CountAtSite._make((*row, ())) for row in rows]
    steps = await _steps(session, [count.report_id for count in counts if count.changed_at])
    return [count._replace(steps=tuple(steps.get(count.report_id, ()))) for count in counts]


async def _steps(session: AsyncSession, report_ids: Collection[UUID]) -> dict[UUID, list[tuple[datetime, int]]]:
    """The last number is 0 if everybody left.

    There is no row for 0, but the end of the last row is the time when everybody had left.
    """
    steps, ends = defaultdict[UUID, list[tuple[datetime, int]]](list), dict[UUID, datetime | None]()
    stays = select(GroupStay.report_id, GroupStay.counted_at, GroupStay.persons, GroupStay.superseded_at)
    ordered = stays.where(GroupStay.report_id == any_of(report_ids, Uuid)).order_by(
        GroupStay.report_id, GroupStay.number
    )
    for report_id, at, persons, ends[report_id] in await session.execute(ordered):
        steps[report_id].append((at, persons))
    for report_id, ends_at in ends.items():
        if ends_at not in (None, NEVER):
            steps[report_id].append((ends_at, 0))
    return steps


async def registered(
    session: AsyncSession, search: SearchKeys, status: Status, site_ids: Collection[UUID]
) -> RegisteredMoves:
    """The result includes people who left the sites by movements of their households."""
    site_of = {key: site_id for site_id in site_ids for key in search.of_sites([str(site_id)])}
    keys = any_of(site_of, LargeBinary)
    there = SiteResident.site_key, SiteResident.came_at
    staying = (
        select(*there, func.sum(SiteResident.persons))
        .where(SiteResident.site_key == keys, SiteResident.status == status)
        .group_by(*there)
    )
    away = SitePassage.site_key, SitePassage.came_at, SitePassage.moved_at
    departures = (
        select(*away, func.sum(SitePassage.persons))
        .where(SitePassage.site_key == keys, SitePassage.status == status, not_(SitePassage.is_arrival))
        .group_by(*away)
    )
    return RegisteredMoves(
        [SiteStay(site_of[key], came_at, persons) for key, came_at, persons in await session.execute(staying)],
        [
            SiteDeparture(site_of[key], came_at, left_at, persons)
            for key, came_at, left_at, persons in await session.execute(departures)
        ],
    )


async def counts_at(session: AsyncSession, site_id: UUID) -> Sequence[GroupCount]:
    """Counts of people who are not displaced, or who have left the site, are included."""
    return (await session.scalars(select(GroupCount).where(GroupCount.site_id == site_id))).all()


async def moved_by(session: AsyncSession, report_ids: Collection[UUID]) -> Sequence[GroupCount]:
    """Returns the counts of people who moved, at their new places."""
    moved = select(GroupCount).where(GroupCount.movement_id.in_(report_ids))
    return (await session.scalars(moved.order_by(GroupCount.group_id))).all() if report_ids else ()


async def visible_ids(
    session: AsyncSession, visibility: Visibility, limit: int, after: UUID | None = None
) -> Sequence[UUID]:
    """Sites are in the order of their ids."""
    wanted = select(Site.site_id).where(visibility.covers("sites.pcode")).order_by(Site.site_id).limit(limit)
    if after is not None:
        wanted = wanted.where(Site.site_id > after)
    return (await session.scalars(wanted)).all()

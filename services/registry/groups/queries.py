"""Queries for the page of a group: its counts, and the reports about it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import report_queries
from services.registry.decisions import SITE
from services.registry.groups.presences import SitePresence, during, presences
from services.registry.groups.timelines import GroupCourse
from services.registry.households.positions import OUTSIDE_STOCK
from services.registry.households.timelines import EFFECTIVE, VersionKey
from services.registry.models import Group, GroupCount, GroupStay, Report
from services.registry.report_queries import Versions, in_order
from services.registry.visibility import Visibility
from shared.auth.tokens import Principal
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import ReportKind, SubStock
from shared.places import Places

Row = TypeVar("Row", GroupCount, GroupStay)
OF_GROUP = (ReportKind.GROUP, ReportKind.GROUP_MOVEMENT)
IN_EFFECT = GroupCount.superseded_by.is_(None)
# UNMOVED and STILL_LEFT select the people who are counted at present. STILL_LEFT selects the people who are left after
# the last movement of a count.
UNMOVED = (IN_EFFECT, GroupCount.changed_at.is_(None))
STILL_LEFT = (GroupStay.superseded_at > func.now(),)
HERE = "coalesce(counts.destination_pcode, counts.origin_pcode)"
OF_COUNT = and_(
    Report.report_id == GroupCount.report_id,
    Report.version == GroupCount.version,
    Report.kind == ReportKind.GROUP,
    Report.subject_id == GroupCount.group_id,
)


async def group(session: AsyncSession, group_id: UUID) -> Group | None:
    return await session.get(Group, group_id)


async def course(session: AsyncSession, group_id: UUID) -> GroupCourse:
    """Counts of other groups are included if they count the same people."""
    course = (await courses(session, [group_id]))[group_id]
    # All counts of a stock have the same population: the condition changes no result, but lets PostgreSQL use an index.
    populations = {count.population for count in course.counts if count.population}
    same = GroupCount.population.in_(populations), GroupCount.stock_id.in_([row.stock_id for row in course.current])
    others = await session.scalars(select(GroupCount).where(*same, IN_EFFECT, GroupCount.group_id != group_id))
    replacing = [count.superseded_by for count in course.counts if count.superseded_by]
    recounts = await session.scalars(select(GroupCount).where(GroupCount.report_id.in_(replacing)))
    by_report = {recount.report_id: recount for recount in recounts}
    return replace(course, others=others.all(), replacing=by_report)


async def courses(session: AsyncSession, group_ids: Collection[UUID]) -> dict[UUID, GroupCourse]:
    """Only the groups' own counts are included."""
    counts, left = defaultdict[UUID, list[GroupCount]](list), defaultdict[UUID, list[GroupStay]](list)
    own = select(GroupCount).where(GroupCount.group_id.in_(group_ids))
    for count in await session.scalars(own.order_by(GroupCount.counted_at, GroupCount.report_id)):
        counts[count.group_id].append(count)
    stays = select(GroupStay).where(GroupStay.group_id.in_(group_ids), *STILL_LEFT)
    for stay in await session.scalars(stays.order_by(GroupStay.counted_at, GroupStay.report_id)):
        left[stay.group_id].append(stay)
    return {group_id: _course(group_id, counts[group_id], left[group_id]) for group_id in group_ids}


def _course(group_id: UUID, counts: list[GroupCount], left: list[GroupStay]) -> GroupCourse:
    unmoved = [count for count in counts if count.superseded_by is None and count.changed_at is None]
    rows: list[GroupCount | GroupStay] = [*unmoved, *left]
    return GroupCourse(group_id, counts, [row for row in rows if row.sub_stock not in OUTSIDE_STOCK])


async def readable(session: AsyncSession, group_ids: Collection[UUID], caller: Principal, places: Places) -> set[UUID]:
    if not group_ids:
        return set()
    groups = (await session.scalars(select(Group).where(Group.group_id.in_(group_ids)))).all()
    known = await courses(session, [group.group_id for group in groups])
    return {group.group_id for group in groups if is_visible(group, known[group.group_id], caller, places)}


async def of_hazard(
    session: AsyncSession, hazard_id: UUID, visibility: Visibility, most: int
) -> list[GroupCount | GroupStay]:
    """Only people in today's figures are included.

    The newest count comes first, as in `GroupCourse.current`.

    The groups were in the visible area at some time, or came from the visible area. `readable` decides whether the
    caller may read a group.
    """
    there = or_(visibility.covers("destination_pcode"), visibility.covers("origin_pcode"))
    named = select(GroupCount.group_id).where(GroupCount.hazard_id == hazard_id)
    seen = [select(rows.group_id).where(rows.group_id.in_(named), there) for rows in (GroupCount, GroupStay)]

    async def newest(rows: type[Row], *are_current: ColumnElement[bool]) -> Sequence[Row]:
        sub_stock = func.coalesce(rows.sub_stock, SubStock.IN_DISPLACEMENT.value)
        are_counted = (rows.persons > 0, sub_stock.not_in(OUTSIDE_STOCK), *are_current)
        wanted = select(rows).where(rows.hazard_id == hazard_id, *are_counted)
        of_seen = wanted.where(or_(*(rows.group_id.in_(group_ids) for group_ids in seen)))
        return (await session.scalars(of_seen.order_by(rows.counted_at.desc().nulls_last()).limit(most))).all()

    newest_rows: list[GroupCount | GroupStay] = []
    newest_rows.extend(await newest(GroupCount, *UNMOVED))
    newest_rows.extend(await newest(GroupStay, *STILL_LEFT))
    return sorted(newest_rows, key=lambda row: row.counted_at or row.reported_at, reverse=True)[:most]


def is_visible(group: Group, course: GroupCourse, caller: Principal, places: Places) -> bool:
    return any(caller.covers(pcode, places) for pcode in course.is_visible_from(group.report_id))


async def presences_of(session: AsyncSession, counts: Sequence[GroupCount]) -> list[SitePresence]:
    of_counts = GroupStay.report_id.in_([count.report_id for count in counts])
    return list(presences(counts, await session.scalars(select(GroupStay).where(of_counts))))


async def report(session: AsyncSession, encryption: EnvelopeEncryption, group: Group) -> dict[str, Any]:
    current = Report.report_id == group.report_id, Report.version == group.version, Report.outcome.in_(EFFECTIVE)
    [version] = await report_queries.versions(session, encryption, ReportKind.GROUP, *current, kinds=[ReportKind.GROUP])
    content: dict[str, Any] = version["report"]
    return content


async def history(session: AsyncSession, course: GroupCourse) -> list[VersionKey]:
    """Movements of other groups, and of everybody at a site, are included if they moved people of the group.

    A movement of everybody at a site is included if people of the group were at the site at that time. A movement that
    is reversed, or only confirms the place, moved nobody of the group.
    """
    moving = {count.movement_id for count in course.counts if count.movement_id}
    # If several teams counted the same people, a movement of one group changes the counts of the other groups.
    about = or_(Report.subject_id == course.group_id, Report.report_id.in_(moving))
    own = await report_queries.keys(session, about, Report.kind.in_(OF_GROUP))
    present = await presences_of(session, course.counts)
    at_sites = or_(Report.report_id.in_(moving), Report.subject_id.in_({presence.site_id for presence in present}))
    movements = await report_queries.clear_versions(session, at_sites, Report.kind == ReportKind.SITE_MOVEMENT)
    effective = [version for version in movements if version["outcome"] in EFFECTIVE]
    concerning = moving | during(effective, present)
    return [*own, *(VersionKey.of(version) for version in movements if version["report_id"] in concerning)]


async def versions(session: AsyncSession, encryption: EnvelopeEncryption, report_ids: Collection[UUID]) -> Versions:
    """The versions are in the order of receipt.

    The reports are about the group, and about movements of sites.
    """
    these = Report.report_id.in_(report_ids)
    own = await report_queries.versions(session, encryption, ReportKind.GROUP, these, kinds=OF_GROUP)
    of_sites = await report_queries.versions(session, encryption, SITE, these, kinds=[ReportKind.SITE_MOVEMENT])
    return in_order([*own, *of_sites])

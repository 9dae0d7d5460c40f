"""Queries for the page of a group: its counts, and the reports about it."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import report_queries
from services.registry.decisions import SITE
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.group_timelines import GroupCourse
from services.registry.models import Group, GroupCount, GroupStay, Report
from services.registry.report_queries import Versions, in_order
from shared.events.vocabulary import ReportKind

OF_GROUP = (ReportKind.GROUP, ReportKind.GROUP_MOVEMENT)
IN_EFFECT = GroupCount.superseded_by.is_(None)


async def group(session: AsyncSession, group_id: UUID) -> Group | None:
    return await session.get(Group, group_id)


async def course(session: AsyncSession, group_id: UUID) -> GroupCourse:
    """The counts of a group, the counts of the same people by other reports, and the recounts that replaced them."""
    own = select(GroupCount).where(GroupCount.group_id == group_id).order_by(GroupCount.counted_at)
    counts = (await session.scalars(own)).all()
    left = select(GroupStay).where(GroupStay.group_id == group_id, GroupStay.superseded_at > func.now())
    unmoved = [count for count in counts if count.superseded_by is None and count.changed_at is None]
    current = [*unmoved, *await session.scalars(left.order_by(GroupStay.counted_at))]
    # Only full recounts share a stock. Its id is then the id of their population, which has an index.
    same = GroupCount.population.in_([row.stock_id for row in current])
    others = await session.scalars(select(GroupCount).where(same, IN_EFFECT, GroupCount.group_id != group_id))
    replacing = [count.superseded_by for count in counts if count.superseded_by]
    recounts = await session.scalars(select(GroupCount).where(GroupCount.report_id.in_(replacing)))
    by_report = {recount.report_id: recount for recount in recounts}
    return GroupCourse(group_id, counts, current, others.all(), by_report)


async def history(session: AsyncSession, encryption: EnvelopeEncryption, course: GroupCourse) -> Versions:
    """All versions of all reports about the group, and of the movements of everybody at a site that moved its people.

    The versions are in the order in which they were received.
    """
    about = Report.subject_id == course.group_id
    own = await report_queries.versions(session, encryption, ReportKind.GROUP, about, kinds=OF_GROUP)
    known = {version["report_id"] for version in own}
    of_sites = {count.movement_id for count in course.counts if count.movement_id} - known
    moved = Report.report_id.in_(of_sites)
    whole = await report_queries.versions(session, encryption, SITE, moved, kinds=[ReportKind.SITE_MOVEMENT])
    return in_order([*own, *whole])

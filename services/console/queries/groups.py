"""The counts of displaced groups that are in effect."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardGroup
from shared.events.vocabulary import DISPLACED, Measure, Status


async def current(session: AsyncSession, status: Status, pcodes: Sequence[str] | None) -> Sequence[BoardGroup]:
    """The counts of people who are displaced now, the newest first, without those that a full recount replaced."""
    wanted = select(BoardGroup).where(
        BoardGroup.status == status,
        BoardGroup.superseded_by.is_(None),
        BoardGroup.measure == Measure.STOCK,
        BoardGroup.mobility.in_(DISPLACED),
    )
    if pcodes is not None:
        present = func.coalesce(BoardGroup.destination_pcode, BoardGroup.origin_pcode)
        wanted = wanted.where(present.in_(pcodes))
    return (await session.scalars(wanted.order_by(BoardGroup.counted_at.desc(), BoardGroup.report_id))).all()

"""Queries for the alerts and hazards that changed last.

The tables contain several years, so each query uses an index.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.console.models import BoardAlert, BoardHazard
from services.console.queries.board_alerts import IS_OPEN, IS_RAISED, concern
from services.console.recent import DEEDS, MOST
from shared.events.vocabulary import Status


async def alerts(session: AsyncSession, since: datetime, pcodes: Sequence[str] | None) -> Sequence[BoardAlert]:
    changed_at = func.greatest(*(getattr(BoardAlert, column) for column in DEEDS))
    # no change follows the closing of an alert, so alerts closed before `since` are left out
    wanted = select(BoardAlert).where(or_(IS_OPEN, BoardAlert.resolved_at > since), changed_at > since)
    wanted = wanted.where(IS_RAISED, concern(BoardAlert.pcodes.expression, pcodes))
    return (await session.scalars(wanted.order_by(changed_at.desc()).limit(MOST))).all()


async def hazards(session: AsyncSession, since: datetime) -> Sequence[BoardHazard]:
    wanted = select(BoardHazard).where(BoardHazard.status != Status.DRAFT, BoardHazard.received_at > since)
    newest = wanted.order_by(BoardHazard.received_at.desc()).limit(MOST)
    return (await session.scalars(newest.options(defer(BoardHazard.shapes, raiseload=True)))).all()

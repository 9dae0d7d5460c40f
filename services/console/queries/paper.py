"""Queries for the printable copy: up to `MOST` open alerts and up to `MOST` hazards in force."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert, BoardHazard
from services.console.queries.snapshots import HAZARD_SHOWN, SEVEREST_FIRST
from shared.events.vocabulary import MsgType, Status

MOST = 500  # rows per list; two lists of 500 rows fill about thirty sheets


async def alerts(session: AsyncSession) -> Sequence[BoardAlert]:
    """Returns the open alerts. Unacknowledged alerts come first, then the most severe, then the oldest."""
    severity = case(SEVEREST_FIRST, value=BoardAlert.severity, else_=len(SEVEREST_FIRST))
    wanted = (
        select(BoardAlert)
        .where(~BoardAlert.is_suppressed, BoardAlert.status != Status.DRAFT, BoardAlert.resolved_at.is_(None))
        .order_by(BoardAlert.acknowledged_at.is_not(None), severity, BoardAlert.raised_at)
        .limit(MOST)
    )
    return (await session.scalars(wanted)).all()


async def hazards(session: AsyncSession, now: datetime) -> Sequence[BoardHazard]:
    since = now - HAZARD_SHOWN
    in_force = or_(BoardHazard.onset > since, BoardHazard.received_at > since, BoardHazard.expires > now)
    wanted = (
        select(BoardHazard)
        .where(BoardHazard.status != Status.DRAFT, BoardHazard.msg_type != MsgType.CANCEL, in_force)
        .order_by(BoardHazard.onset.desc())
        .limit(MOST)
    )
    return (await session.scalars(wanted)).all()

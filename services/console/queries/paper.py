"""What the copy on paper shows: all that is open, however much it is on a screen."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Alert, Hazard
from services.console.queries.snapshots import HAZARD_SHOWN, SEVEREST_FIRST
from shared.events.vocabulary import MsgType, Status

MOST = 500  # some thirty sheets


async def alerts(session: AsyncSession) -> Sequence[Alert]:
    """Unanswered first, then the most severe, then the oldest."""
    severity = case(SEVEREST_FIRST, value=Alert.severity, else_=len(SEVEREST_FIRST))
    wanted = (
        select(Alert)
        .where(~Alert.is_suppressed, Alert.status != Status.DRAFT, Alert.resolved_at.is_(None))
        .order_by(Alert.acknowledged_at.is_not(None), severity, Alert.raised_at)
        .limit(MOST)
    )
    return (await session.scalars(wanted)).all()


async def hazards(session: AsyncSession, now: datetime) -> Sequence[Hazard]:
    since = now - HAZARD_SHOWN
    in_force = or_(Hazard.onset > since, Hazard.received_at > since, Hazard.expires > now)
    wanted = (
        select(Hazard)
        .where(Hazard.status != Status.DRAFT, Hazard.msg_type != MsgType.CANCEL, in_force)
        .order_by(Hazard.onset.desc())
        .limit(MOST)
    )
    return (await session.scalars(wanted)).all()

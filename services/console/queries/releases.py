"""Queries for the releases of hazards to the public."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert, BoardHazard, BoardRelease
from shared.events.vocabulary import MsgType, Verification
from shared.postgres.arrays import any_of


async def release(session: AsyncSession, hazard_id: UUID) -> BoardRelease | None:
    return await session.get(BoardRelease, hazard_id)


async def releases(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, BoardRelease]:
    rows = await session.scalars(select(BoardRelease).where(BoardRelease.hazard_id == any_of(hazards, Uuid)))
    return {row.hazard_id: row for row in rows}


async def without_hazard(session: AsyncSession, now: datetime, most: int) -> Sequence[BoardRelease]:
    """Returns releases whose hazard is not known.

    The record of the hazard usually comes soon after the release. If the record never comes, the release has a wrong
    hazard id.
    """
    is_known = exists().where(BoardHazard.hazard_id == BoardRelease.hazard_id)
    in_force = or_(BoardRelease.expires.is_(None), BoardRelease.expires > now)
    wanted = select(BoardRelease).where(~is_known, BoardRelease.msg_type != MsgType.CANCEL, in_force)
    return (await session.scalars(wanted.order_by(BoardRelease.received_at.desc()).limit(most))).all()


@dataclass(frozen=True, slots=True)
class Confirmation:
    at: datetime
    severities: frozenset[str]


async def confirmed(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, Confirmation]:
    """Returns the confirmations of hazards. Closing an alert with the verdict "confirmed" also confirms the hazard."""
    # The panel shows the time since the confirmation, so an alert without this time is left out.
    confirmed_at = func.coalesce(BoardAlert.confirmed_at, BoardAlert.resolved_at)
    is_confirmed = (BoardAlert.verification == Verification.CONFIRMED, confirmed_at.is_not(None))
    rows = await session.execute(
        select(BoardAlert.hazard_id, func.min(confirmed_at), func.array_agg(BoardAlert.severity))
        .where(BoardAlert.hazard_id == any_of(hazards, Uuid), *is_confirmed)
        .group_by(BoardAlert.hazard_id)
    )
    return {id: Confirmation(at, frozenset(severities)) for id, at, severities in rows if id}

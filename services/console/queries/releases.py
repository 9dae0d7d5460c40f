"""Queries for the releases of hazards to the public."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert, BoardRelease
from shared.events.vocabulary import Verification


async def release(session: AsyncSession, hazard_id: UUID) -> BoardRelease | None:
    return await session.get(BoardRelease, hazard_id)


async def releases(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, BoardRelease]:
    """The newest release of each of these hazards that has one."""
    rows = await session.scalars(select(BoardRelease).where(BoardRelease.hazard_id.in_(hazards)))
    return {row.hazard_id: row for row in rows}


async def confirmed(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, datetime]:
    """For each of these hazards with a confirmed alert, the time when a person first confirmed one."""
    rows = await session.execute(
        select(BoardAlert.hazard_id, func.min(BoardAlert.confirmed_at))
        .where(BoardAlert.hazard_id.in_(hazards), BoardAlert.verification == Verification.CONFIRMED)
        .group_by(BoardAlert.hazard_id)
    )
    return {hazard_id: confirmed_at for hazard_id, confirmed_at in rows if hazard_id and confirmed_at}

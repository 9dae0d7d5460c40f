"""Queries for the releases of hazards to the public."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert, BoardRelease
from shared.events.vocabulary import Verification


async def release(session: AsyncSession, hazard_id: UUID) -> BoardRelease | None:
    return await session.get(BoardRelease, hazard_id)


async def releases(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, BoardRelease]:
    """The version that the public reads of each of these hazards. A hazard without such a version is left out."""
    rows = await session.scalars(select(BoardRelease).where(BoardRelease.hazard_id.in_(hazards)))
    return {row.hazard_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The time of the first confirmed alert of a hazard, and the severities of the hazard's confirmed alerts."""

    at: datetime
    severities: frozenset[str]


async def confirmed(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, Confirmation]:
    """The confirmation of each hazard in `hazards` that has one.

    The verdict of a resolved alert is a confirmation, too.
    """
    # an alert that says neither time cannot tell since when the public waits, and must not break the whole panel
    confirmed_at = func.coalesce(BoardAlert.confirmed_at, BoardAlert.resolved_at)
    is_confirmed = (BoardAlert.verification == Verification.CONFIRMED, confirmed_at.is_not(None))
    rows = await session.execute(
        select(BoardAlert.hazard_id, func.min(confirmed_at), func.array_agg(BoardAlert.severity))
        .where(BoardAlert.hazard_id.in_(hazards), *is_confirmed)
        .group_by(BoardAlert.hazard_id)
    )
    return {id: Confirmation(at, frozenset(severities)) for id, at, severities in rows if id}

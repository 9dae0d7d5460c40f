"""Queries for the restricted hazards that another system may read. A new account is granted no hazard."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Account, BoardHazard
from services.console.sign_in import accounts
from shared.events.vocabulary import Scope

GRANTABLE = BoardHazard.scope == Scope.RESTRICTED, BoardHazard.pcodes != []


async def areas(session: AsyncSession, account_id: UUID) -> tuple[str, ...]:
    return (await areas_by_account(session, [account_id])).get(account_id, ())


async def areas_by_account(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Returns the granted areas of other systems. Accounts of people and disabled accounts are left out."""
    rows = await session.scalars(select(Account).where(Account.account_id.in_(ids), Account.disabled_at.is_(None)))
    return {row.account_id: tuple(row.hazard_areas) for row in rows if accounts.is_integration(row)}


async def restricted(session: AsyncSession) -> Sequence[BoardHazard]:
    """Returns all restricted hazards with a known place. Hazards without a known place cannot be granted."""
    return (await session.scalars(select(BoardHazard).where(*GRANTABLE))).all()


async def hazards(
    session: AsyncSession, pcodes: Collection[str] | None, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[BoardHazard]:
    """Returns hazards, the one received last first. None as `pcodes` means the whole country."""
    wanted = select(BoardHazard).where(*GRANTABLE)
    if pcodes is not None:
        wanted = wanted.where(BoardHazard.pcodes.op("&&")(list(pcodes)))
    if after is not None:
        wanted = wanted.where(tuple_(BoardHazard.received_at, BoardHazard.hazard_id) < after)
    newest_first = wanted.order_by(BoardHazard.received_at.desc(), BoardHazard.hazard_id.desc())
    return (await session.scalars(newest_first.limit(limit))).all()

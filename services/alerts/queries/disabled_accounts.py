"""The SQL of the disabled accounts of receivers; the caller commits."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import DisabledAccount


async def disabled(session: AsyncSession) -> frozenset[UUID]:
    return frozenset(await session.scalars(select(DisabledAccount.account_id)))


async def replace(session: AsyncSession, accounts: Collection[UUID]) -> None:
    """Stores that exactly these accounts are disabled."""
    await session.execute(delete(DisabledAccount).where(DisabledAccount.account_id.not_in(accounts)))
    if accounts:
        rows = [{"account_id": account} for account in sorted(accounts)]
        await session.execute(insert(DisabledAccount).values(rows).on_conflict_do_nothing())

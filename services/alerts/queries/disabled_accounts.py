"""The SQL of the disabled accounts of receivers; the caller commits."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import DisabledAccount, ReceiverRow


async def absent(session: AsyncSession) -> frozenset[str]:
    """The labels of the receivers whose accounts are disabled."""
    account = ReceiverRow.__table__.c.account_id
    disabled = select(ReceiverRow.label).join(DisabledAccount, DisabledAccount.account_id == account)
    return frozenset(await session.scalars(disabled))


async def replace(session: AsyncSession, accounts: Collection[UUID]) -> None:
    """Stores that exactly these accounts are disabled."""
    await session.execute(delete(DisabledAccount).where(DisabledAccount.account_id.not_in(accounts)))
    if accounts:
        rows = [{"account_id": account} for account in sorted(accounts)]
        await session.execute(insert(DisabledAccount).values(rows).on_conflict_do_nothing())

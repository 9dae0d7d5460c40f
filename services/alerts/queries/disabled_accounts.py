"""SQL for the receivers whose accounts are disabled. The caller commits."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import DisabledAccount, ReceiverRow
from services.alerts.receivers.receivers import ReceiverKind
from shared.postgres.models import table

COLUMNS = table(ReceiverRow).c
RECEIVERS = select(COLUMNS.label).join(DisabledAccount, DisabledAccount.account_id == COLUMNS.account_id)


async def disabled(session: AsyncSession) -> frozenset[UUID]:
    return frozenset(await session.scalars(select(DisabledAccount.account_id)))


async def absent(session: AsyncSession) -> frozenset[str]:
    return frozenset(await session.scalars(RECEIVERS.where(COLUMNS.kind == ReceiverKind.PERSON)))


async def receivers(session: AsyncSession) -> frozenset[str]:
    """Returns people, posts and systems."""
    return frozenset(await session.scalars(RECEIVERS))


async def replace(session: AsyncSession, accounts: Collection[UUID]) -> None:
    await session.execute(delete(DisabledAccount).where(DisabledAccount.account_id.not_in(accounts)))
    if accounts:
        rows = [{"account_id": account} for account in sorted(accounts)]
        await session.execute(insert(DisabledAccount).values(rows).on_conflict_do_nothing())

"""The filters that accounts have saved."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import SavedFilter
from shared.postgres import database

MOST = 30


async def of(session: AsyncSession, account_id: UUID) -> Sequence[SavedFilter]:
    wanted = select(SavedFilter).where(SavedFilter.account_id == account_id).order_by(SavedFilter.name)
    return (await session.scalars(wanted)).all()


async def save(session: AsyncSession, account_id: UUID, name: str, query: str) -> bool:
    """Saves a filter, and replaces the account's filter of the same name. Returns False if the account has too many."""
    await session.execute(database.advisory_lock(f"filters of {account_id}"))
    own = SavedFilter.account_id == account_id
    others = await session.scalar(select(func.count()).select_from(SavedFilter).where(own, SavedFilter.name != name))
    if (others or 0) >= MOST:
        return False
    row = insert(SavedFilter).values(filter_id=uuid4(), account_id=account_id, name=name, query=query)
    key = [SavedFilter.account_id, SavedFilter.name]
    await session.execute(row.on_conflict_do_update(index_elements=key, set_={"query": query}))
    return True


async def remove(session: AsyncSession, account_id: UUID, filter_id: UUID) -> bool:
    removed = delete(SavedFilter).where(SavedFilter.account_id == account_id, SavedFilter.filter_id == filter_id)
    return await session.scalar(removed.returning(SavedFilter.filter_id)) is not None

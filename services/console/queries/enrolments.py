"""Queries for the enrolment links of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Enrolment


async def keep(session: AsyncSession, account_id: UUID, token: bytes, state: str, expires_at: datetime) -> None:
    link = {"token": token, "state": state, "expires_at": expires_at}
    new = insert(Enrolment).values(account_id=account_id, **link)
    await session.execute(new.on_conflict_do_update(index_elements=[Enrolment.account_id], set_=link))


async def named(session: AsyncSession, token: bytes) -> Enrolment | None:
    return await session.scalar(select(Enrolment).where(Enrolment.token == token))


async def of_account(session: AsyncSession, account_id: UUID) -> Enrolment | None:
    return await session.get(Enrolment, account_id)


async def remove_of(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(Enrolment).where(Enrolment.account_id == account_id))


async def remove(session: AsyncSession, token: bytes) -> bool:
    """Deletes a link. Returns False if another transaction has already deleted or replaced the link."""
    removed = await session.scalars(delete(Enrolment).where(Enrolment.token == token).returning(Enrolment.account_id))
    return removed.one_or_none() is not None

"""Accounts by name and id."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import any_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Account
from services.console.sign_in.accounts import AccountNotFound, NameTaken
from shared.auth.tokens import Role
from shared.postgres import database


async def named(session: AsyncSession, name: str) -> Account | None:
    wanted = name.strip().lower()
    if not wanted.isprintable():  # account names are printable, and PostgreSQL would reject the character NUL
        return None
    return await session.scalar(select(Account).where(func.lower(Account.name) == wanted))


async def locked_by_name(session: AsyncSession, name: str) -> Account:
    account = await session.scalar(
        select(Account).where(func.lower(Account.name) == name.strip().lower()).with_for_update()
    )
    if account is None:
        raise AccountNotFound(name)
    return account


async def of_id(session: AsyncSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def held(session: AsyncSession, account_id: UUID) -> Account | None:
    """Locks the row in share mode: until the caller's commit, no other transaction can change the account."""
    return await session.get(Account, account_id, with_for_update={"read": True}, populate_existing=True)


async def locked(session: AsyncSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id, with_for_update=True, populate_existing=True)


async def everyone(session: AsyncSession) -> Sequence[Account]:
    return (await session.scalars(select(Account).order_by(func.lower(Account.name)))).all()


async def names(session: AsyncSession, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {account for account in ids if account is not None}
    if not wanted:
        return {}
    rows = await session.execute(select(Account.account_id, Account.name).where(Account.account_id.in_(wanted)))
    return {row.account_id: row.name for row in rows}


async def add(session: AsyncSession, account: Account) -> None:
    session.add(account)
    try:
        await session.flush()
    except IntegrityError:
        raise NameTaken(account.name) from None


async def lock_first(session: AsyncSession) -> None:
    """Takes a lock. Without the lock, two processes that start together could both create the first account."""
    await session.execute(database.advisory_lock("console first account"))


async def lock_administrators(session: AsyncSession) -> None:
    """Takes a lock. Without the lock, two administrators could disable each other at the same moment."""
    await session.execute(database.advisory_lock("console administrators"))


async def administrators(session: AsyncSession) -> Sequence[Account]:
    """Returns all administrators, including administrators who cannot sign in."""
    has_role = any_(Account.roles) == Role.ADMINISTRATOR.value
    return (await session.scalars(select(Account).where(has_role))).all()


async def is_empty(session: AsyncSession) -> bool:
    return not await session.scalar(select(select(Account).exists()))


def set_password(account: Account, password_hash: str, now: datetime) -> None:
    account.password_hash, account.password_changed_at = password_hash, now
    account.must_change, account.password_until = False, None

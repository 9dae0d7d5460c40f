"""The second factors of accounts and their recovery codes."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import RecoveryCode, SecondFactor


async def of(session: AsyncSession, account_id: UUID) -> SecondFactor | None:
    """Reads and locks the row, so that two concurrent sign-ins cannot use the same code."""
    return await session.scalar(select(SecondFactor).where(SecondFactor.account_id == account_id).with_for_update())


async def exists(session: AsyncSession, account_id: UUID) -> bool:
    return await session.get(SecondFactor, account_id) is not None


async def keep(
    session: AsyncSession, account_id: UUID, sealed: bytes, codes: Iterable[bytes], *, step: int, now: datetime
) -> None:
    await remove(session, account_id)
    session.add(SecondFactor(account_id=account_id, sealed=sealed, last_step=step, confirmed_at=now))
    await session.flush()
    await session.execute(insert(RecoveryCode), [{"account_id": account_id, "code": code} for code in codes])


async def remove(session: AsyncSession, account_id: UUID) -> None:
    for table in (RecoveryCode, SecondFactor):
        await session.execute(delete(table).where(table.account_id == account_id))


async def use_recovery_code(session: AsyncSession, account_id: UUID, code: bytes, now: datetime) -> bool:
    """Marks a code as used. Returns False if the code is wrong, or was used before."""
    unused = RecoveryCode.account_id == account_id, RecoveryCode.code == code, RecoveryCode.used_at.is_(None)
    used = await session.scalars(update(RecoveryCode).where(*unused).values(used_at=now).returning(RecoveryCode.code))
    return used.one_or_none() is not None


async def unused_codes(session: AsyncSession, account_id: UUID) -> int:
    wanted = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(wanted) or 0

"""The known browsers and phones of an account. Failed sign-ins on other browsers never lock a known browser."""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import KnownBrowser

REMEMBERED = timedelta(days=365)


async def is_known(session: AsyncSession, account_id: UUID, mark: str, now: datetime) -> bool:
    wanted = exists().where(
        KnownBrowser.account_id == account_id,
        KnownBrowser.browser == _hash(mark),
        KnownBrowser.seen_at > now - REMEMBERED,
    )
    return bool(await session.scalar(select(wanted)))


async def remember(session: AsyncSession, account_id: UUID, mark: str, now: datetime) -> None:
    old = KnownBrowser.account_id == account_id, KnownBrowser.seen_at <= now - REMEMBERED
    await session.execute(delete(KnownBrowser).where(*old))
    seen = insert(KnownBrowser).values(account_id=account_id, browser=_hash(mark), seen_at=now)
    await session.execute(
        seen.on_conflict_do_update(
            index_elements=[KnownBrowser.account_id, KnownBrowser.browser], set_={"seen_at": now}
        )
    )


def _hash(mark: str) -> bytes:
    """The table has only hashes: a person who reads the table cannot forge the cookie of a known browser."""
    return sha256(mark.encode()).digest()

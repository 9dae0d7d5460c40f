"""Stores when intake last used each phone key. An operator must not destroy a key that phones still use."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.models import PhoneKeyUse
from shared.failures import retry_while_unavailable
from shared.postgres.upsert import upsert

SECONDS = 60


async def store(session: AsyncSession, used: Mapping[str, datetime]) -> None:
    rows = [{"kid": kid, "used_at": used_at} for kid, used_at in used.items()]
    await upsert(session, PhoneKeyUse, rows, not_older_by="used_at")


async def used_since(session: AsyncSession, kid: str, since: datetime) -> int:
    """Return 1 if the key was used since this time, else 0. The table has only the last use of each key."""
    uses = select(func.count()).where(PhoneKeyUse.kid == kid, PhoneKeyUse.used_at >= since)
    return await session.scalar(uses) or 0


async def keep_stored(sessions: async_sessionmaker[AsyncSession], used: Mapping[str, datetime]) -> None:
    """Store the uses every minute. While PostgreSQL is unavailable, the uses stay in memory."""
    stored: dict[str, datetime] = {}
    while True:
        await asyncio.sleep(SECONDS)
        if used != stored:
            stored = await retry_while_unavailable(lambda: store_now(sessions, used))


async def store_now(sessions: async_sessionmaker[AsyncSession], used: Mapping[str, datetime]) -> dict[str, datetime]:
    now = dict(used)
    async with sessions.begin() as session:
        await store(session, now)
    return now

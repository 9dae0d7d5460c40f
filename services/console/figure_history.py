"""Records the board's key figures every 15 minutes, for a comparison with the figures a day later."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console.queries import key_figures
from shared.events.vocabulary import Status
from shared.failures import retry_while_unavailable


async def run(sessions: async_sessionmaker[AsyncSession], status: Status) -> None:
    """Runs until cancelled."""
    while True:
        await retry_while_unavailable(lambda: _record(sessions, status))
        passed = datetime.now(UTC).timestamp() % key_figures.EVERY.total_seconds()
        await asyncio.sleep(key_figures.EVERY.total_seconds() - passed)


async def _record(sessions: async_sessionmaker[AsyncSession], status: Status) -> None:
    async with sessions.begin() as session:
        await key_figures.record(session, status, datetime.now(UTC))

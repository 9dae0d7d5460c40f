"""Compares this server's clock with an NTP server. A wrong clock would give alerts a wrong age and expiry."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console.checks import CheckName, InstallationCheck
from services.console.queries import checks
from shared import log
from shared.failures import retry_while_unavailable
from shared.ntp import MOST_SECONDS, NoAnswer, offset

EVERY_SECONDS = 300.0


async def watch(server: str, sessions: async_sessionmaker[AsyncSession]) -> None:
    while True:
        check = await look(server)
        if check.is_well is not True:
            log.get().error("clock wrong or unchecked", is_well=check.is_well, seconds=check.figure)
        await retry_while_unavailable(lambda: _record(sessions, check))  # noqa: B023 - awaited before the next
        await asyncio.sleep(EVERY_SECONDS)


async def look(server: str) -> InstallationCheck:
    try:
        off = await asyncio.to_thread(offset, server)
    except (OSError, NoAnswer):
        off = None
    now = datetime.now(UTC)
    is_well = None if off is None else abs(off) <= MOST_SECONDS
    return InstallationCheck(CheckName.CLOCK, now, is_well, off, now + timedelta(seconds=3 * EVERY_SECONDS))


async def _record(sessions: async_sessionmaker[AsyncSession], check: InstallationCheck) -> None:
    async with sessions.begin() as session:
        await checks.record(session, check)

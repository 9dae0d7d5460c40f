"""Applies movements of everybody at a site to the households at the site, a few households at a time.

PostgreSQL ends long transactions, and a site may have thousands of households. The transaction that files a movement of
a site only lists the site's households. The next report about a listed household applies the listed movement at once.
"""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.registry.handlers import Registrar
from shared.failures import retry_while_unavailable
from shared.postgres import database, notify

CHANNEL = "registry_site_movements"
# the list is polled, because a worker misses a NOTIFY while it reconnects
IDLE_SECONDS = 5.0
PAUSE_SECONDS = 0.05  # pause between two transactions, because reports and alerts need the CPU


async def keep_applied(engine: AsyncEngine, registrar: Registrar) -> None:
    woken, sessions = asyncio.Event(), database.sessions(engine)
    async with asyncio.TaskGroup() as group:
        group.create_task(notify.listen(engine, CHANNEL, woken))
        while True:
            woken.clear()
            if await retry_while_unavailable(lambda: apply_some(sessions, registrar)):
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await notify.wait(woken, IDLE_SECONDS)


async def apply_some(sessions: async_sessionmaker[AsyncSession], registrar: Registrar) -> int:
    async with sessions.begin() as session:
        return await registrar.judge_noted(session)

"""Compares the short codes of waiting movements again, because their households may have been registered meanwhile."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.handlers import Registrar
from shared.failures import retry_while_unavailable

IDLE_SECONDS = 5


async def keep_identified(sessions: async_sessionmaker[AsyncSession], registrar: Registrar) -> None:
    while True:
        await retry_while_unavailable(lambda: identify_some(sessions, registrar))
        await asyncio.sleep(IDLE_SECONDS)


async def identify_some(sessions: async_sessionmaker[AsyncSession], registrar: Registrar) -> None:
    async with sessions.begin() as session:
        await registrar.find_households(session)

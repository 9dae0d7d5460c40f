"""Applies movements of everybody at a site to the households there, a few households at a time.

A site may have thousands of households, and PostgreSQL ends long transactions. Therefore the transaction that files the
movement only stores a list of the households. A report about a listed household applies the movement at once.
"""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.handlers import Registrar
from shared.failures import retry_while_unavailable

IDLE_SECONDS = 0.5
PAUSE_SECONDS = 0.05  # the pause between two transactions, so that reports and alerts do not wait for the CPU


async def keep_applied(sessions: async_sessionmaker[AsyncSession], registrar: Registrar) -> None:
    """Apply movements of sites to listed households until cancelled."""
    while True:
        count = await retry_while_unavailable(lambda: apply_some(sessions, registrar))
        await asyncio.sleep(PAUSE_SECONDS if count else IDLE_SECONDS)


async def apply_some(sessions: async_sessionmaker[AsyncSession], registrar: Registrar) -> int:
    """Apply movements to some of the listed households in one transaction. Return the number of households."""
    async with sessions.begin() as session:
        return await registrar.judge_noted(session)

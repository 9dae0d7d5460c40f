"""Wires the console's worker: the consumer that fills the board, the outbox relay, and the periodic tasks."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console import clock
from services.console.callers import Callers
from services.console.config import ConsoleSettings
from services.console.handlers import BOARD
from services.console.paper import Paper
from services.console.queries import callers, second_factors
from services.console.state import console_pages
from services.console.totp import TotpSecrets
from shared.crypto.rotation import keep_newest
from shared.messaging.consumer import Consumer
from shared.messaging.outbox import Relay
from shared.messaging.redrives import Redrives
from shared.postgres import database


async def run(settings: ConsoleSettings) -> None:
    """Runs until cancelled."""
    async with database.opened(settings) as engine:
        sessions = database.sessions(engine)
        consumer = Consumer("console", BOARD, settings=settings, sessions=sessions)
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run())
            group.create_task(Relay(settings, engine).run())
            sealed_callers, box = Callers(settings.callers_key_file), TotpSecrets(settings.callers_key_file)
            group.create_task(keep_newest("callers", lambda: reseal(sessions, sealed_callers, box)))
            group.create_task(Redrives("console", [consumer], settings=settings).decisions(engine).run())
            if settings.ntp_server:
                group.create_task(clock.watch(settings.ntp_server, sessions))
            if settings.paper_folder:
                group.create_task(Paper(settings, sessions, console_pages(settings)).run(settings.paper_folder))


async def reseal(sessions: async_sessionmaker[AsyncSession], sealed_callers: Callers, box: TotpSecrets) -> int:
    async with sessions.begin() as session:
        return await callers.reseal(session, sealed_callers) + await second_factors.reseal(session, box)

"""The console at work: what the others tell becomes the board, and what it tells leaves through the outbox."""

import asyncio

from services.console.config import ConsoleSettings
from services.console.handlers import TOPICS, show
from shared import database
from shared.consumer import Consumer
from shared.outbox import Relay
from shared.redrives import Redrives


async def run(settings: ConsoleSettings) -> None:
    """Until cancelled."""
    engine = database.engine(settings)
    consumer = Consumer("console", TOPICS, show, settings=settings, sessions=database.sessions(engine))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run())
            group.create_task(Relay(settings, engine).run())
            group.create_task(Redrives("console", [consumer], settings=settings).decisions(engine).run())
    finally:
        await engine.dispose()

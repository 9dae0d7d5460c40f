"""Notifies the requests that wait until the worker has stored further records."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.postgres import notify

CHANNEL = "console_positions"


class Positions:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._moved = asyncio.Event()

    @property
    def moved(self) -> asyncio.Event:
        """The worker's next commit sets this event. Callers get the event before they read the positions."""
        return self._moved

    async def run(self) -> None:
        """Notifies the waiting requests after each commit of the worker. Runs until cancelled."""
        woken = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(notify.listen(self._engine, CHANNEL, woken))
            while True:
                await woken.wait()
                woken.clear()
                self._moved.set()
                self._moved = asyncio.Event()

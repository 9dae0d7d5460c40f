"""Notifies requests when the worker has stored the records that these requests wait for."""

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
        """The `Event` that the worker's next commit sets.

        Get the event before you read positions. Otherwise, a commit between the two would be missed.
        """
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

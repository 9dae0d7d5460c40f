"""Wakes the requests that wait for the worker to store certain records."""

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
        """An event for the worker's next commit.

        Get this event before you read the positions. In the other order, you miss a commit that happens in between.
        """
        return self._moved

    async def run(self) -> None:
        """Wakes the waiting requests after each commit of the worker."""
        woken = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(notify.listen(self._engine, CHANNEL, woken))
            while True:
                await woken.wait()
                woken.clear()
                self._moved.set()
                self._moved = asyncio.Event()

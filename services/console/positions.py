"""Wakes requests that wait until the worker has stored certain records."""

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
        """Get the event first, and then read positions.

        In the other order, you would miss a commit that happens between the two steps.
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

"""LISTEN/NOTIFY wakes a waiting task as soon as another transaction commits."""

import asyncio

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.failures import Backoff, is_dependency_unavailable


async def listen(engine: AsyncEngine, channel: str, woken: asyncio.Event) -> None:
    """Set `woken` at each NOTIFY, until cancelled.

    Set `woken` after each reconnect as well, because a NOTIFY may have been missed.
    """
    backoff = Backoff()
    while True:
        try:
            await _listen(engine, channel, woken, backoff)
        except Exception as error:
            if not is_dependency_unavailable(error):
                raise
        await backoff.wait()


async def _listen(engine: AsyncEngine, channel: str, woken: asyncio.Event, backoff: Backoff) -> None:
    """Listens outside any transaction, until the connection is lost."""
    async with engine.connect() as connection:
        _ = await connection.execution_options(isolation_level="AUTOCOMMIT")
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        lost = asyncio.Event()
        raw.add_termination_listener(lambda _: lost.set())
        await raw.add_listener(channel, lambda *_: woken.set())
        woken.set()
        backoff.reset()
        await lost.wait()


async def wait(woken: asyncio.Event, seconds: float) -> None:
    """Waits at most `seconds`, because a NOTIFY during a reconnect is lost."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass

"""Runs background tasks. Only one worker runs each task, in small steps, so that reports do not wait."""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.failures import retry_while_unavailable
from shared.postgres import database

IDLE_SECONDS = 2.0
PAUSE_SECONDS = 0.1  # a pause between two transactions leaves the CPU to reports and alerts
# raw SQL: PostgreSQL frees a session lock when the process ends
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.' || $1, 0))"


class SteppedTask(Protocol):
    """The task pauses for `rest_seconds` after everything is done."""

    lock: ClassVar[str]
    rest_seconds: float

    async def step(self) -> bool:
        """Returns whether everything is done."""
        ...


async def keep_stepping(engine: AsyncEngine, make: Callable[[], SteppedTask]) -> None:
    while True:
        await retry_while_unavailable(lambda: run_alone(engine, make()))
        await asyncio.sleep(IDLE_SECONDS)


async def run_alone(engine: AsyncEngine, task: SteppedTask) -> None:
    """Returns if another worker has the lock, or if the connection was lost.

    Without the lock, two workers could publish different states of the same households in turn. If the states differ by
    a single household, the difference reveals the place of this household.
    """
    async with database.connected(engine) as connection:
        if not await connection.fetchval(LOCK, task.lock):
            return
        while not connection.is_closed():
            is_finished = await retry_while_unavailable(lambda: step_if_alone(connection, task))
            await asyncio.sleep(task.rest_seconds if is_finished else PAUSE_SECONDS)


async def step_if_alone(connection: asyncpg.Connection, task: SteppedTask) -> bool:
    """Does nothing if the connection that holds the lock was lost.

    Only the loss of the connection ends the task; after any other failure, the same task continues. A new task would
    have to read all households again. A new task would not know which households were published, and could publish the
    change of fewer than five households.
    """
    return connection.is_closed() or await task.step()

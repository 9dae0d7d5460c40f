"""Runs background tasks. Only one worker runs each task. Tasks work in small steps, so that reports do not wait."""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.failures import retry_while_unavailable
from shared.postgres import database

IDLE_SECONDS = 2.0
PAUSE_SECONDS = 0.1  # pause between two transactions, because reports and alerts need the CPU
# raw SQL: PostgreSQL frees a session lock at the end of the process
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.' || $1, 0))"


class SteppedTask(Protocol):
    """If everything is done, the task pauses for `rest_seconds`."""

    lock: ClassVar[str]
    rest_seconds: float

    async def step(self) -> bool:
        """Returns True if everything is done."""
        ...


async def keep_stepping(engine: AsyncEngine, make: Callable[[], SteppedTask]) -> None:
    while True:
        await retry_while_unavailable(lambda: run_alone(engine, make()))
        await asyncio.sleep(IDLE_SECONDS)


async def run_alone(engine: AsyncEngine, task: SteppedTask) -> None:
    """Returns if another worker has the lock, or when the connection is lost.

    Without the lock, two workers could take turns to publish different states of the same households. If two states
    differ by a single household, the difference reveals where the household is.
    """
    async with database.connected(engine) as connection:
        if not await connection.fetchval(LOCK, task.lock):
            return
        while not connection.is_closed():
            is_finished = await retry_while_unavailable(lambda: step_if_alone(connection, task))
            await asyncio.sleep(task.rest_seconds if is_finished else PAUSE_SECONDS)


async def step_if_alone(connection: asyncpg.Connection, task: SteppedTask) -> bool:
    """Does nothing after the loss of the connection that holds the lock.

    The task ends if the connection is lost. After any failure except the loss of the connection, the same task
    continues. A new task would have to read all households, and would not know which households were published. A new
    task could publish a change of fewer than five households.
    """
    return connection.is_closed() or await task.step()

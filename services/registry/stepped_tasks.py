"""Runs background tasks. Only one worker runs each task, in small steps, so that reports do not wait for the task."""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.failures import retry_while_unavailable
from shared.postgres import database

IDLE_SECONDS = 2.0
PAUSE_SECONDS = 0.1  # a task pauses this long between two transactions, so that reports and alerts get the CPU
# raw SQL: PostgreSQL frees a session lock when the process ends
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.' || $1, 0))"


class SteppedTask(Protocol):
    """`lock` is the name of the task's lock. The task pauses for `rest_seconds` after everything is done."""

    lock: ClassVar[str]
    rest_seconds: float

    async def step(self) -> bool:
        """Do a part of the work. Returns whether everything is done."""
        ...


async def keep_stepping(engine: AsyncEngine, make: Callable[[], SteppedTask]) -> None:
    """Run the task until cancelled."""
    while True:
        await retry_while_unavailable(lambda: run_alone(engine, make()))
        await asyncio.sleep(IDLE_SECONDS)


async def run_alone(engine: AsyncEngine, task: SteppedTask) -> None:
    """Run the task while this worker has its lock.

    Returns if another worker has the lock, or if the connection was lost. Without the lock, two workers could
    alternately publish different states of the same households. The states may differ by a single household, and the
    difference would reveal the place of this household.
    """
    async with database.connected(engine) as connection:
        if not await connection.fetchval(LOCK, task.lock):
            return
        while not connection.is_closed():
            is_finished = await retry_while_unavailable(lambda: step_if_alone(connection, task))
            await asyncio.sleep(task.rest_seconds if is_finished else PAUSE_SECONDS)


async def step_if_alone(connection: asyncpg.Connection, task: SteppedTask) -> bool:
    """Do a step. If the connection that holds the lock was lost meanwhile, do nothing.

    After any failure except the loss of the connection, the same task continues. A new task would read all households
    again. A new task would also forget which households were published, and could then publish the change of fewer than
    five households.
    """
    return connection.is_closed() or await task.step()

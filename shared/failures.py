"""Whose fault a failure is: a part's (wait, and try again for ever), or the record's (set it aside)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared import log

T = TypeVar("T")

LONGEST_SECONDS = 5.0
# Connection lost or refused, out of memory, disk or connections, shut down, a file it could not read or write.
AWAY_CLASSES = ("08", "53", "57P", "58", "28")
# Serialization, deadlock, lock not to be had, left idle in a transaction, too long in one, cancelled.
AWAY_STATES = ("40001", "40P01", "55P03", "25P03", "25P04", "57014")


class DependencyUnavailable(Exception):
    """A part that a record needs is away or not ready (Valkey, a private key): the record waits for it."""


class SetAside(Exception):
    """The record can never be handled: it becomes a dead letter. `pointer` is a JSON pointer of known fields."""

    def __init__(self, reason: str, pointer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.pointer = pointer


class ConsumerStopped(Exception):
    """Going on would do harm: a person has to look."""


def is_dependency_unavailable(error: BaseException) -> bool:
    return isinstance(error, (DependencyUnavailable, KafkaError)) or is_postgresql_unavailable(error)


def is_postgresql_unavailable(error: BaseException) -> bool:
    """Whether PostgreSQL, not the record in hand, is at fault: what may be tried again for ever."""
    if isinstance(error, DBAPIError):
        return (
            error.connection_invalidated or is_postgresql_unavailable(error.orig.__cause__ or error.orig)
            if error.orig
            else False
        )
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error)
    if isinstance(error, asyncpg.InternalClientError):  # a connection that broke between a question and its answer
        return True
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(AWAY_CLASSES) or state in AWAY_STATES
    return isinstance(error, (OSError, TimeoutError, PoolTimeout))


class Backoff:
    """Pauses that double up to five seconds, each a little off, so that workers do not knock together."""

    def __init__(self, first: float = 0.05) -> None:
        self._first = self._next = first

    def reset(self) -> None:
        self._next = self._first

    async def wait(self) -> None:
        await asyncio.sleep(self._next * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        self._next = min(self._next * 2, LONGEST_SECONDS)


async def retry_while_unavailable(deed: Callable[[], Awaitable[T]]) -> T:
    """Does it again, for ever, while a part is at fault."""
    backoff = Backoff()
    while True:
        try:
            return await deed()
        except Exception as error:
            if not is_dependency_unavailable(error):
                raise
            log.get().warning("waits for a part", **log.described(error))
            await backoff.wait()

"""Two kinds of failures.

An unavailable dependency is retried for ever; a record that always fails becomes a dead letter.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared import log

T = TypeVar("T")

LONGEST_SECONDS = 5.0
# These classes of SQLSTATE mean: connection lost, out of resources, shutdown, file error, login refused.
AWAY_CLASSES = ("08", "53", "57P", "58", "28")
# These SQLSTATE codes mean: serialisation failure, deadlock, lock timeout, idle transaction ended, long transaction
# ended, statement cancelled.
QUERY_CANCELED = "57014"
AWAY_STATES = ("40001", "40P01", "55P03", "25P03", "25P04", QUERY_CANCELED)


class DependencyUnavailable(Exception):
    """A dependency that the record needs is unavailable, such as Valkey or a private key. The record waits."""


class SetAside(Exception):
    """The record becomes a dead letter.

    `pointer` is the JSON pointer of the invalid field, and contains no personal data.
    """

    def __init__(self, reason: str, pointer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.pointer = pointer


class ConsumerStopped(Exception):
    """The consumer stopped, because continuing would do harm. A person must find the cause."""


def is_dependency_unavailable(error: BaseException) -> bool:
    return isinstance(error, (DependencyUnavailable, KafkaError)) or is_postgresql_unavailable(error)


def is_too_slow(error: DBAPIError) -> bool:
    """Return True if PostgreSQL cancelled the statement, as `statement_timeout` does."""
    return bool(error.orig) and getattr(error.orig, "sqlstate", None) == QUERY_CANCELED


def is_postgresql_unavailable(error: BaseException) -> bool:
    """True means that the caller may retry the operation for ever."""
    if isinstance(error, DBAPIError):
        return (
            error.connection_invalidated or is_postgresql_unavailable(error.orig.__cause__ or error.orig)
            if error.orig
            else False
        )
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error)
    # The connection broke after a statement was sent, and before its answer arrived.
    if isinstance(error, asyncpg.InternalClientError):
        return True
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(AWAY_CLASSES) or state in AWAY_STATES
    return isinstance(error, (OSError, TimeoutError, PoolTimeout))


def backoff_seconds(failures: int, *, first: float, longest: float = LONGEST_SECONDS, jitter: float = 0.2) -> float:
    """Return `first` seconds after the first failure.

    Each further failure doubles the pause. Many callers can fail at the same moment. The jitter spreads their retries,
    so that they do not overload the dependency.
    """
    pause = min(first * 2.0 ** min(failures - 1, 30), longest)
    return pause * random.uniform(1 - jitter, 1 + jitter)  # noqa: S311 - no secret


class Backoff:
    """The pauses are at most five seconds."""

    def __init__(self, first: float = 0.05) -> None:
        self._first, self._failures = first, 0

    def reset(self) -> None:
        self._failures = 0

    async def wait(self) -> None:
        self._failures += 1
        await asyncio.sleep(backoff_seconds(self._failures, first=self._first))


@contextmanager
def outage_logged(event: str) -> Iterator[None]:
    """If a dependency is unavailable, logs `event` and ends the block without an error. Raises all other errors."""
    try:
        yield
    except Exception as error:
        if not is_dependency_unavailable(error):
            raise
        log.get().warning(event, **log.described(error))


async def retry_while_unavailable(operation: Callable[[], Awaitable[T]]) -> T:
    backoff = Backoff()
    while True:
        try:
            return await operation()
        except Exception as error:
            if not is_dependency_unavailable(error):
                raise
            log.get().warning("waiting for dependency", **log.described(error))
            await backoff.wait()

"""Whose fault a failure is: a part's (wait, and try again for ever), or the record's (set it aside)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError

from shared import log
from shared.postgres import database

T = TypeVar("T")

LONGEST_SECONDS = 5.0


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
    return isinstance(error, (DependencyUnavailable, KafkaError)) or database.is_away(error)


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

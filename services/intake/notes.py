"""Stores notes about accepted reports in the background. An answer to an author never waits for PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared.failures import retry_while_unavailable

MOST = 10_000  # the largest number of notes that wait in memory while PostgreSQL is unavailable


class Noted(Protocol):
    @property
    def revision(self) -> int: ...


K = TypeVar("K")
N = TypeVar("N", bound=Noted)


class Notes(Generic[K, N]):
    """Keeps the newest note of each key in memory until PostgreSQL has stored the note.

    Notes that wait when the process ends are lost.
    """

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], save: Callable[[AsyncSession, Collection[N]], Awaitable[None]]
    ) -> None:
        self._sessions, self._save = sessions, save
        self._waiting: dict[K, N] = {}
        self._has_waiting = asyncio.Event()

    def add(self, key: K, note: N) -> None:
        known = self._waiting.get(key)
        if (known is None and len(self._waiting) < MOST) or (known is not None and known.revision < note.revision):
            self._waiting[key] = note
            self._has_waiting.set()

    async def run(self) -> None:
        while True:
            await self._has_waiting.wait()
            self._has_waiting.clear()
            noted, self._waiting = self._waiting, {}
            await retry_while_unavailable(partial(self._store, noted.values()))

    async def _store(self, notes: Collection[N]) -> None:
        async with self._sessions.begin() as session:
            await self._save(session, notes)

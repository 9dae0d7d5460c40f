"""Figures of the board that all readers of the same areas share, so that PostgreSQL computes them once for a change."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.console.queries import snapshots
from services.console.stream import vectors
from services.console.stream.vectors import Vector

T = TypeVar("T")
KEPT_SECONDS = 10.0  # some figures change with time, and a redriven dead letter moves no position


@dataclass(slots=True)
class _Kept:
    """Figures, and the positions on their topics up to which they contain the records."""

    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    figures: Any = None
    stand: Vector = field(default_factory=dict)
    computed_at: float = -KEPT_SECONDS


class SharedFigures:
    def __init__(self) -> None:
        self._kept: defaultdict[tuple[str, frozenset[str]], _Kept] = defaultdict(_Kept)

    async def of(self, session: AsyncSession, areas: Iterable[str]) -> "FiguresOfAreas":
        """The figures of these areas for a reader with this snapshot."""
        return FiguresOfAreas(self._kept, frozenset(areas), await snapshots.positions(session))


class FiguresOfAreas:
    def __init__(
        self, kept: defaultdict[tuple[str, frozenset[str]], _Kept], areas: frozenset[str], stand: Vector
    ) -> None:
        self._kept, self._areas, self._stand = kept, areas, stand

    async def get(self, name: str, topics: Iterable[str], compute: Callable[[], Awaitable[T]]) -> T:
        """The figures with this name, which contain at least the records of the reader's snapshot.

        They are computed if the snapshot contains newer records of the topics than the kept figures, or if these are
        older than KEPT_SECONDS. Readers who ask at the same time wait for the first.
        """
        wanted = set(topics)
        stand = {partition: offset for partition, offset in self._stand.items() if partition[0] in wanted}
        kept = self._kept[name, self._areas]
        async with kept.one_at_a_time:
            is_old = time.monotonic() - kept.computed_at >= KEPT_SECONDS
            if is_old or not vectors.reached(kept.stand, stand):
                kept.figures, kept.stand, kept.computed_at = await compute(), stand, time.monotonic()
            figures: T = kept.figures
        return figures

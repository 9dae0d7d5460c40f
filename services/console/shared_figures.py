"""Caches figures and lists of the board for all readers of the same areas, so that each change is read once."""

import asyncio
import math
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
KEPT_SECONDS = 10.0  # figures also change without a record, for example as time passes
# each set of areas and each area's page has its own figures, so unused figures are removed
FREED_AFTER_SECONDS = 60.0


@dataclass(slots=True)
class _Kept:
    """Cached figures, with the position on each topic up to which they are computed."""

    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    figures: Any = None
    stand: Vector = field(default_factory=dict)
    computed_at: float = -math.inf


KeptFigures = defaultdict[tuple[str, frozenset[str]], _Kept]


class SharedFigures:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._kept = clock, KeptFigures(_Kept)

    def __len__(self) -> int:
        return len(self._kept)

    async def of(self, session: AsyncSession, areas: Iterable[str]) -> "FiguresOfAreas":
        return FiguresOfAreas(self._kept, frozenset(areas), await snapshots.positions(session), self._clock)


class FiguresOfAreas:
    def __init__(self, kept: KeptFigures, areas: frozenset[str], stand: Vector, clock: Callable[[], float]) -> None:
        self._kept, self._areas, self._stand, self._clock = kept, areas, stand, clock
        self._oldest = math.inf  # the oldest figures that the present computation has used

    async def get(
        self, name: str, topics: Iterable[str], compute: Callable[[], Awaitable[T]], *, seconds: float = KEPT_SECONDS
    ) -> T:
        """Returns figures that contain all records of the reader's snapshot.

        Figures are computed again if they are older than `seconds`, or if the snapshot has newer records of the topics.
        Figures made from other figures count as old as the oldest of these. Concurrent readers of the same figures wait
        for one computation.
        """
        wanted = set(topics)
        stand = {partition: offset for partition, offset in self._stand.items() if partition[0] in wanted}
        kept = self._kept[name, self._areas]
        async with kept.one_at_a_time:
            is_old = self._clock() - kept.computed_at >= seconds
            if is_old or not vectors.reached(kept.stand, stand):
                before, self._oldest = self._oldest, math.inf
                kept.figures, kept.stand = await compute(), stand
                kept.computed_at, self._oldest = min(self._oldest, self._clock()), before
                self._free()
            self._oldest = min(self._oldest, kept.computed_at)
            figures: T = kept.figures
        return figures

    def _free(self) -> None:
        """Removes old figures, except figures that are being computed."""
        freed_before = self._clock() - FREED_AFTER_SECONDS
        for key, kept in list(self._kept.items()):
            if kept.computed_at < freed_before and not kept.one_at_a_time.locked():
                del self._kept[key]

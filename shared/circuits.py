"""A circuit breaker for optional dependencies. After several failures the circuit opens, and calls fail at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared import log
from shared.failures import Backoff

T = TypeVar("T")

logger = log.get()

BUDGET_SECONDS = 0.05
PIECES = 5
FAILURES = 3


class CircuitOpen(Exception):
    """The dependency does not answer. Calls fail at once until the dependency answers again."""


class Circuit:
    """While the circuit is open, a separate task calls `probe` until the dependency answers.

    No caller waits for the probe. The reasons are in docs/decisions/0022.
    """

    def __init__(
        self, dependency: str, probe: Callable[[], Awaitable[object]], *, failures: tuple[type[Exception], ...]
    ) -> None:
        self._dependency, self._probe = dependency, probe
        self._failures: tuple[type[Exception], ...] = (*failures, OSError, TimeoutError)
        self._failed = 0
        self._opened = asyncio.Event()

    @property
    def is_open(self) -> bool:
        return self._opened.is_set()

    async def call(self, operation: Callable[[], Awaitable[T]], *, budget: float = BUDGET_SECONDS) -> T:
        """Raises CircuitOpen if the circuit is open or the call takes longer than `budget`."""
        if self.is_open:
            raise CircuitOpen
        try:
            answer = await within(budget, operation())
        except self._failures as error:
            self._count(error)
            raise CircuitOpen from error
        self._failed = 0
        return answer

    async def run(self) -> None:
        """While the circuit is open, probe the dependency until it answers."""
        while True:
            await self._opened.wait()
            backoff = Backoff()
            while not await self._answers():
                await backoff.wait()
            self._failed = 0
            self._opened.clear()
            logger.warning("circuit closed", dependency=self._dependency)

    def _count(self, error: Exception) -> None:
        self._failed += 1
        if self._failed >= FAILURES and not self.is_open:
            self._opened.set()
            logger.warning("circuit opened", dependency=self._dependency, **log.described(error))

    async def _answers(self) -> bool:
        try:
            await within(BUDGET_SECONDS, self._probe())
        except self._failures:
            return False
        return True


async def within(seconds: float, awaitable: Awaitable[T]) -> T:
    """Raises TimeoutError.

    Wait in several short steps. On a busy event loop, one long wait can time out although the answer has arrived.
    """
    task = asyncio.ensure_future(awaitable)
    try:
        for _ in range(PIECES):
            await asyncio.wait([task], timeout=seconds / PIECES)
            if task.done():
                return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])

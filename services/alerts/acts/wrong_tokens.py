"""Limits how many invalid tokens from one address are answered, so that strangers cannot fill the log.

An office or a mobile network shares one address, so valid tokens have no limit.
"""

import time
from collections.abc import Callable

WINDOW_S = 15 * 60
MOST = 30
MOST_ADDRESSES = 10_000


class WrongTokens:
    """Each process counts wrong tokens in its own memory.

    The count may be inexact, because nobody can guess a token.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[int, float]] = {}

    def are_too_many(self, address: str) -> bool:
        count, began = self._counts.get(address, (0, 0.0))
        return count >= MOST and self._clock() - began < WINDOW_S

    def add(self, address: str) -> None:
        """If there are too many addresses, the oldest is forgotten."""
        count, began = self._counts.pop(address, (0, 0.0))
        now = self._clock()
        self._counts[address] = (1, now) if not count or now - began >= WINDOW_S else (count + 1, began)
        if len(self._counts) > MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]

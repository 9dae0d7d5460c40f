"""Limits how often an event may happen per key. A key can be the address of a client, for example."""

import time
from collections.abc import Callable, Hashable

MOST_KEYS = 10_000


class RateLimit:
    """Permits `burst` events of a key at once, and then `per_second` events per second.

    Each process counts in its own memory.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        # for each key: the events that count against the burst, and the time of the last change
        self._used: dict[Hashable, tuple[float, float]] = {}

    def permits(self, key: Hashable) -> bool:
        """Counts the event. Returns False without counting if the key must wait."""
        now = self._clock()
        if len(self._used) >= MOST_KEYS:
            self._forget(now)
        used = self._used_at(key, now)
        is_permitted = used + 1 <= self._burst
        self._used[key] = (used + is_permitted, now)
        return is_permitted

    def _used_at(self, key: Hashable, now: float) -> float:
        used, counted_at = self._used.get(key, (0.0, now))
        return max(0.0, used - (now - counted_at) * self._per_second)

    def _forget(self, now: float) -> None:
        """Forgets the keys whose whole burst is available again."""
        self._used = {key: value for key, value in self._used.items() if self._used_at(key, now) > 0}

"""Limits how often something may happen for each key, such as the requests of an address."""

import time
from collections.abc import Callable, Hashable

MOST_KEYS = 10_000


class RateLimit:
    """For each key, permits `burst` events at once, and then `per_second` events a second.

    The counts are in the memory of this process.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        # used events of each key, and the time of the count
        self._used: dict[Hashable, tuple[float, float]] = {}

    def permits(self, key: Hashable) -> bool:
        """Returns False if the key must wait; the event is then not counted."""
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
        """Forgets keys that may use their whole burst."""
        self._used = {key: value for key, value in self._used.items() if self._used_at(key, now) > 0}

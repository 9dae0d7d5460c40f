"""Keeps Telegram's limits for each chat: one message a second, and in a group 20 messages a minute."""

import time
from collections import defaultdict, deque
from collections.abc import Callable

from services.alerts.telegram.chats import Chat

MINUTE, SECOND = 60.0, 1.0
IN_GROUP = 20  # messages a minute


class ChatLimits:
    """Reserves the times at which this process may send. Messages of other processes are not counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reserved: defaultdict[int, deque[float]] = defaultdict(deque)
        self._closed_until: dict[int, float] = {}

    def close(self, chat: Chat, seconds: float) -> None:
        """Call this if Telegram demands a pause."""
        self._closed_until[chat.id] = self._clock() + seconds

    def reserve(self, chat: Chat, within: float, *, kept_free: int = 0) -> tuple[bool, float]:
        """Returns whether a time was reserved, and how many seconds from now the time is.

        `kept_free` reserves this number of a group's messages in a minute for other callers.
        """
        most = IN_GROUP - kept_free
        now, reserved = self._clock(), self._reserved[chat.id]
        while reserved and reserved[0] <= now - MINUTE:
            reserved.popleft()
        free = max(now, self._closed_until.get(chat.id, now), reserved[-1] + SECOND if reserved else now)
        if chat.is_group and len(reserved) >= most:
            free = max(free, reserved[-most] + MINUTE)
        is_soon = free - now <= within
        if is_soon:
            reserved.append(free)
        return is_soon, free - now

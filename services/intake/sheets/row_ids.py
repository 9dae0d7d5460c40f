"""The ids of the report that is made from a row. A row has the same ids in every file of every account."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PURPOSE = b"dayar/sheet-row/v2\0"  # separates these HMACs from other HMACs with the same key


@dataclass(slots=True)
class RowIds:
    """Without the key, an id reveals nothing about the row."""

    key: bytes
    identity: Sequence[str]
    _row: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # computed only once, because a household has up to 60 members and a row up to 600,000 letters
        self._row = self._mac(json.dumps(self.identity, ensure_ascii=False).encode())

    @property
    def report(self) -> UUID:
        return self._id("report")

    @property
    def household(self) -> UUID:
        return self._id("household")

    def member(self, place: int) -> UUID:
        return self._id(f"member {place}")

    def _id(self, name: str) -> UUID:
        # marked as a random UUID, because intake accepts no other ids
        return UUID(bytes=self._mac(self._row + name.encode())[:16], version=4)

    def _mac(self, content: bytes) -> bytes:
        mac = HMAC(self.key, SHA256())
        mac.update(PURPOSE + content)
        return mac.finalize()

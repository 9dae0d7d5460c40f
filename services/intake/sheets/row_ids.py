"""The ids of the report that is made from a row. A row has the same ids in every file of every account."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PURPOSE = b"dayar/sheet-row/v2\0"  # this prefix separates the HMACs of rows from other HMACs with the same key


@dataclass(slots=True)
class RowIds:
    """Without the key, an id reveals nothing about the row."""

    key: bytes
    identity: Sequence[str]
    _row: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # the HMAC of the row is computed only once, because a household has up to 60 members
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
        # the id is marked as random (version 4), because intake accepts no other UUIDs
        return UUID(bytes=self._mac(self._row + name.encode())[:16], version=4)

    def _mac(self, content: bytes) -> bytes:
        mac = HMAC(self.key, SHA256())
        mac.update(PURPOSE + content)
        return mac.finalize()

"""The ids of the report that is made from a row.

The ids depend only on the row's content, not on the file or the account.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PURPOSE = b"dayar/sheet-row/v2\0"  # makes the HMACs of rows different from all other HMACs with the same key


@dataclass(slots=True)
class RowIds:
    """The ids are HMACs of the row. Without the key, nobody can compute which row an id belongs to."""

    key: bytes
    identity: Sequence[str]
    _row: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Compute the HMAC of the row once, because a household needs up to 62 ids.
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
        # The id claims to be random (version 4), because intake accepts no other UUIDs from a report.
        return UUID(bytes=self._mac(self._row + name.encode())[:16], version=4)

    def _mac(self, content: bytes) -> bytes:
        mac = HMAC(self.key, SHA256())
        mac.update(PURPOSE + content)
        return mac.finalize()

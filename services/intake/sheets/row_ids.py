"""The ids of the report that a row becomes. The same row of the same account has the same ids in every file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PURPOSE = b"dayar/sheet-row/v1\0"  # separates these digests from others with the same key


@dataclass(frozen=True, slots=True)
class RowIds:
    """Ids from an HMAC of the account and the row. Without the key, an id reveals nothing about the row."""

    key: bytes
    account: UUID
    identity: Sequence[str]

    @property
    def report(self) -> UUID:
        return self._id("report")

    @property
    def household(self) -> UUID:
        return self._id("household")

    def member(self, place: int) -> UUID:
        return self._id(f"member {place}")

    def _id(self, name: str) -> UUID:
        mac = HMAC(self.key, SHA256())
        mac.update(PURPOSE + self.account.bytes + json.dumps([name, *self.identity], ensure_ascii=False).encode())
        return UUID(bytes=mac.finalize()[:16], version=4)  # intake accepts only ids that look random

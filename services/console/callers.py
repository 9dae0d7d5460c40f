"""Who telephoned: sealed with the console's own key, apart from the hazard that everybody may read."""

import os
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.events.fields import Body, Name, Phone, Text

NONCE_BYTES = 12


class Caller(Body):
    """What the operator noted of the person on the telephone; it never enters an event."""

    name: Name | None = None
    phone: Phone | None = None
    note: Text | None = None


class Callers:
    def __init__(self, key_file: Path) -> None:
        self._key = AESGCM(key_file.read_bytes())

    def seal(self, caller: Caller, report_id: UUID) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, caller.model_dump_json(exclude_none=True).encode(), report_id.bytes)

    def open(self, sealed: bytes, report_id: UUID) -> Caller:
        plain = self._key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], report_id.bytes)
        return Caller.model_validate_json(plain)

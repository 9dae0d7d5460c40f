"""Encrypts the data of people who report by telephone. The events about a hazard never contain this data."""

from pathlib import Path
from uuid import UUID

from shared.crypto.keyring import Sealing
from shared.events.fields import Body, Name, Phone, Text


class Caller(Body):
    """A note by the operator about the person who telephoned. Events never contain this note."""

    name: Name | None = None
    phone: Phone | None = None
    note: Text | None = None


class Callers:
    def __init__(self, keys: Path) -> None:
        self._sealing = Sealing(keys)

    def seal(self, caller: Caller, report_id: UUID) -> bytes:
        return self._sealing.seal(caller.model_dump_json(exclude_none=True).encode(), report_id.bytes)

    def open(self, sealed: bytes, report_id: UUID) -> Caller:
        return Caller.model_validate_json(self._sealing.open(sealed, report_id.bytes))

    def resealed(self, sealed: bytes, report_id: UUID) -> bytes | None:
        """Encrypts the note with the newest key.

        Returns None if the newest key already encrypts the note, or if decryption fails.
        """
        return self._sealing.resealed(sealed, report_id.bytes)

    @property
    def newest_id(self) -> bytes:
        return self._sealing.newest_id

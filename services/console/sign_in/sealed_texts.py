"""Encrypts short texts of accounts for the database. Each text is bound to its account and to its purpose."""

from pathlib import Path
from typing import ClassVar
from uuid import UUID

from cryptography.exceptions import InvalidTag

from shared.crypto.keyring import Sealing, UnknownKey


class SealedTexts:
    """`purpose` is a part of the AAD, so a text of one kind cannot be decrypted as a text of another kind."""

    purpose: ClassVar[bytes]

    def __init__(self, keys: Path) -> None:
        self._sealing = Sealing(keys)

    def seal(self, text: str, account_id: UUID) -> bytes:
        return self._sealing.seal(text.encode(), self._bound(account_id))

    def open(self, sealed: bytes, account_id: UUID) -> str | None:
        """Returns None if the key that encrypted the text was retired."""
        try:
            return self._sealing.open(sealed, self._bound(account_id)).decode()
        except (InvalidTag, UnknownKey):
            return None

    def resealed(self, sealed: bytes, account_id: UUID) -> bytes | None:
        """Encrypts the text with the newest key.

        Returns None if the newest key already encrypts the text, or if decryption fails.
        """
        return self._sealing.resealed(sealed, self._bound(account_id))

    @property
    def newest_id(self) -> bytes:
        return self._sealing.newest_id

    def _bound(self, account_id: UUID) -> bytes:
        return self.purpose + account_id.bytes

"""Envelope encryption: each record has its own key. A key-encryption key outside PostgreSQL wraps the record's key."""

from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from shared.crypto.aead import KEY_BYTES, Aead
from shared.crypto.keyring import Keyring
from shared.crypto.randomness import take


class Key(NamedTuple):
    """The key of a record, as a cipher and in wrapped form.

    After the deletion of the wrapped form, nobody can read the data.
    """

    cipher: Aead
    kek_id: str
    wrapped: bytes

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        return self.cipher.seal(plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        return self.cipher.open(sealed, aad)


class EnvelopeEncryption:
    """Uses the newest key-encryption key of a folder.

    `unwrap` and `rewrap` raise UnknownKey if the key-encryption key is missing. After UnknownKey, the caller waits
    until the key arrives.
    """

    def __init__(self, keks: Path) -> None:
        self._ring = Keyring(keks)

    @property
    def kek_id(self) -> str:
        return self._ring.newest[0]

    @property
    def older_ids(self) -> list[str]:
        newest = self.kek_id
        return [kek_id for kek_id in self._ring.keys if kek_id != newest]

    def draw(self) -> Key:
        key = take(KEY_BYTES)
        kek_id, kek = self._ring.newest
        return Key(Aead(key), kek_id, aes_key_wrap(kek, key))

    def unwrap(self, kek_id: str, wrapped: bytes) -> Key:
        return Key(Aead(aes_key_unwrap(self._ring.find(kek_id), wrapped)), kek_id, wrapped)

    def rewrap(self, kek_id: str, wrapped: bytes) -> tuple[str, bytes]:
        """Wrap the record's key again, with the newest key-encryption key. The record's data stays unchanged."""
        newest_id, newest = self._ring.newest
        return newest_id, aes_key_wrap(newest, aes_key_unwrap(self._ring.find(kek_id), wrapped))

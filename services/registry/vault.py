"""Sealing at rest: one key per household or group, wrapped by a key that PostgreSQL never sees."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from shared.draws import take
from shared.faults import PartAtFault

NONCE = 12


class Key(NamedTuple):
    """A household's or a group's own key, ready to use, and as it is kept; deleting the kept form erases what it sealed."""

    cipher: AESGCM
    kek_id: str
    wrapped: bytes

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        nonce = take(NONCE)
        return nonce + self.cipher.encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        return self.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], aad)


class UnknownKek(PartAtFault):
    """A key was wrapped by a key-encryption key that is not here: nothing is wrong with what it seals, which waits."""


class Vault:
    def __init__(self, kek_file: Path) -> None:
        self._kek = kek_file.read_bytes()
        self.kek_id = sha256(b"dayar/kek/v1\0" + self._kek).hexdigest()[:16]

    def draw(self) -> Key:
        key = take(32)
        return Key(AESGCM(key), self.kek_id, aes_key_wrap(self._kek, key))

    def unwrap(self, kek_id: str, wrapped: bytes) -> Key:
        if kek_id != self.kek_id:
            raise UnknownKek(kek_id)
        return Key(AESGCM(aes_key_unwrap(self._kek, wrapped)), kek_id, wrapped)


def row_aad(subject_id: str, row_version: int) -> bytes:
    """What the sealed column of a household or group is bound to."""
    return f"{subject_id}||{row_version}".encode()


def member_aad(household_id: str, member_id: str, row_version: int) -> bytes:
    return f"{household_id}|{member_id}|{row_version}".encode()


def report_aad(subject_id: str, report_id: str, version: int, author: str) -> bytes:
    """What one version of a report, kept for the history, is bound to."""
    return f"{subject_id}|{report_id}|{version}|{author}".encode()

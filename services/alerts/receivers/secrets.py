"""Encrypts the secrets that sign webhooks. During a rotation, a receiver has a new and a former secret."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag

from shared import log
from shared.crypto.keyring import Sealing, UnknownKey

PREFIX = "whsec_"


def draw() -> str:
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


class WebhookSecrets:
    """The encryption binds a secret to its receiver's label, so that no other row can use the secret."""

    def __init__(self, keys: Path) -> None:
        self._sealing = Sealing(keys)

    def seal(self, secret: str, label: str) -> bytes:
        return self._sealing.seal(secret.encode(), bound(label))

    def open(self, sealed: bytes, label: str) -> str:
        return self._sealing.open(sealed, bound(label)).decode()

    def readable(self, sealed: bytes, label: str) -> str | None:
        """Returns None if the key is missing or the encrypted text was altered.

        If this function returns None, callers can still show data that is not encrypted.
        """
        try:
            return self.open(sealed, label)
        except (InvalidTag, UnknownKey) as error:
            log.get().error("sealed text unreadable", label=label, **log.described(error))
            return None

    def code_digests(self, code: str) -> list[bytes]:
        """The first digest is that of the newest key."""
        return self._sealing.digests(code.encode(), b"dayar/binding-code/v1")

    def link_digests(self, content: bytes) -> list[bytes]:
        """The first digest is that of the newest key."""
        return self._sealing.digests(content, b"dayar/answer-link/v1")

    @property
    def newest_id(self) -> bytes:
        return self._sealing.newest_id

    def resealed(self, sealed: bytes, label: str) -> bytes | None:
        """Returns None if the secret is already encrypted with the newest key."""
        return self._sealing.resealed(sealed, bound(label))


def bound(label: str) -> bytes:
    return b"dayar/webhook-secret/v1\0" + label.encode()

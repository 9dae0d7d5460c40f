"""The secrets that webhooks are signed with: one per receiver, sealed at rest, two valid while one is replaced."""

import base64
import os
from pathlib import Path

from shared.crypto.keyring import Sealing

PREFIX = "whsec_"


def draw() -> str:
    """A new secret, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


class WebhookSecrets:
    """Seals a receiver's secret to its label, so that one row's secret is of no use in another."""

    def __init__(self, keys: Path) -> None:
        self._sealing = Sealing(keys)

    def seal(self, secret: str, label: str) -> bytes:
        return self._sealing.seal(secret.encode(), bound(label))

    def open(self, sealed: bytes, label: str) -> str:
        return self._sealing.open(sealed, bound(label)).decode()

    @property
    def newest_id(self) -> bytes:
        return self._sealing.newest_id

    def resealed(self, sealed: bytes, label: str) -> bytes | None:
        """Under the newest key; None where it is."""
        return self._sealing.resealed(sealed, bound(label))


def bound(label: str) -> bytes:
    return b"dayar/webhook-secret/v1\0" + label.encode()

"""The secrets that webhooks are signed with: one per receiver, sealed at rest, two valid while one is replaced."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "whsec_"
NONCE = 12


def draw() -> str:
    """A new secret, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


class SecretBox:
    """Seals a receiver's secret to its label, so that one row's secret is of no use in another."""

    def __init__(self, key_file: Path) -> None:
        self._cipher = AESGCM(key_file.read_bytes())

    def seal(self, secret: str, label: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), bound(label))

    def open(self, sealed: bytes, label: str) -> str:
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound(label)).decode()


def bound(label: str) -> bytes:
    return b"dayar/webhook-secret/v1\0" + label.encode()

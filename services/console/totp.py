"""A second factor: a code of 30 seconds from the administrator's own phone, or one of ten recovery codes."""

import secrets
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pyotp
import segno
from cryptography.exceptions import InvalidTag

from shared.crypto.keyring import Sealing, UnknownKey

STEP_S = 30
DRIFT = 1  # steps that a phone's clock may be off
RECOVERY_CODES = 10
SECRET_LETTERS = 32  # of base32: 160 bits
LETTERS = "abcdefghkmnpqrstuvwxyz23456789"  # none looks like another


class TotpSecrets:
    """Seals the shared secret to its account, so that the database alone makes no code."""

    def __init__(self, keys: Path) -> None:
        self._sealing = Sealing(keys)

    def seal(self, secret: str, account_id: UUID) -> bytes:
        return self._sealing.seal(secret.encode(), _bound(account_id))

    def open(self, sealed: bytes, account_id: UUID) -> str | None:
        """None where the key was retired: then a recovery code is left."""
        try:
            return self._sealing.open(sealed, _bound(account_id)).decode()
        except (InvalidTag, UnknownKey):
            return None

    def resealed(self, sealed: bytes, account_id: UUID) -> bytes | None:
        """Under the newest key; None where it is, or cannot be brought there."""
        return self._sealing.resealed(sealed, _bound(account_id))

    @property
    def newest_id(self) -> bytes:
        return self._sealing.newest_id


def is_secret(text: str) -> bool:
    """One that was drawn here, and came back with the form."""
    return len(text) == SECRET_LETTERS and text.isascii() and text.isalnum() and text.isupper()


def draw() -> str:
    return pyotp.random_base32(SECRET_LETTERS)


def step_of(secret: str, code: str, now: datetime, *, after: int = -1) -> int | None:
    """The time step whose code this is, later than `after`: a code that was seen over a shoulder opens nothing again."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    steps = range(max(current - DRIFT, after + 1), current + DRIFT + 1)
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step), plain(code))), None)


def qr(secret: str, name: str, issuer: str) -> str:
    """As SVG, to be put into the page."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)
    image: str = segno.make(uri).svg_inline(scale=4, light="white", omitsize=True)
    return image


def draw_recovery_codes() -> list[str]:
    """Four groups of four: 78 bits, so that their plain hash tells nobody what they are."""
    return ["-".join(_letters(4) for _ in range(4)) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> bytes:
    return sha256(plain(code).encode()).digest()


def plain(code: str) -> str:
    return "".join(each for each in code.casefold() if each.isascii() and each.isalnum())


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def _bound(account_id: UUID) -> bytes:
    return b"dayar/second-factor/v1\0" + account_id.bytes

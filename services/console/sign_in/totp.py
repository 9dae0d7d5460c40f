"""The second factor: a TOTP code from the administrator's phone, or one of ten recovery codes."""

import secrets
from datetime import datetime
from hashlib import sha256

import pyotp

from services.console import qr_codes
from services.console.sign_in.sealed_texts import SealedTexts

STEP_S = 30
DRIFT = 1  # a phone's clock may be off by one time step
RECOVERY_CODES = 10
SECRET_LETTERS = 32  # 32 base32 letters encode 160 bits
LETTERS = "abcdefghkmnpqrstuvwxyz23456789"  # letters and digits that people do not confuse


class TotpSecrets(SealedTexts):
    """Encrypts the authenticators' secrets, so that nobody can compute codes from a copy of the database.

    If the key of a secret was retired, only recovery codes are accepted.
    """

    purpose = b"dayar/second-factor/v1\0"


def is_secret(text: str) -> bool:
    """Checks the form of a secret. The browser sends the offered secret back, so the text may have been changed."""
    return len(text) == SECRET_LETTERS and text.isascii() and text.isalnum() and text.isupper()


def draw() -> str:
    return pyotp.random_base32(SECRET_LETTERS)


def step_of(secret: str, code: str, now: datetime, *, after: int = -1) -> int | None:
    """Returns the time step of a right code that is later than `after`, or else None."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    steps = range(max(current - DRIFT, after + 1), current + DRIFT + 1)
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step), plain(code))), None)


def qr(secret: str, name: str, issuer: str) -> str:
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)
    return qr_codes.svg(uri)


def draw_recovery_codes() -> list[str]:
    """Draws recovery codes with 78 random bits, so that nobody can guess a code from its unsalted hash."""
    return ["-".join(_letters(4) for _ in range(4)) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> bytes:
    return sha256(plain(code).encode()).digest()


def plain(code: str) -> str:
    return "".join(character for character in code.casefold() if character.isascii() and character.isalnum())


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))

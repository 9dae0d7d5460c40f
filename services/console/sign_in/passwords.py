"""Checks and hashes passwords with argon2id. A hash occupies a core for a while, so worker threads compute it."""

import secrets
import unicodedata
from base64 import b64encode

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

LEAST_LENGTH = 12
LOOKED_AT = 32  # zxcvbn checks only this many characters: its time grows with the square of the length
LEAST_SCORE = 3  # zxcvbn scores from 0 to 4; the score 3 means about 10^8 guesses
OWN_WORDS = ("dayar", "kyrgyzstan", "bishkek", "crisis", "center", "ministry", "operator", "administrator")
AT_ONCE = 2  # concurrent hashes; each takes 64 MiB of memory


def _nobodys_hash(hasher: PasswordHasher) -> str:
    """Returns a hash that no password matches. A check takes as long as a check against a real hash.

    The hash consists of random bytes. Hashing a real password would delay each start.
    """
    work = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${work}${salt}${digest}"


_hasher = PasswordHasher()
_nobody = _nobodys_hash(_hasher)
_few = CapacityLimiter(AT_ONCE)


class WeakPassword(ValueError):
    """A password of at least 12 characters is expected, not the account's name, and not easily guessed."""


class SamePassword(ValueError):
    """A password different from the present one is expected."""


async def check_new(password: str, name: str, present: str | None = None) -> None:
    """Raises WeakPassword if the password is weak, and SamePassword if it equals the present one.

    A first password must be replaced, because the administrator who issued it knows it.
    """
    await to_thread.run_sync(check_strength, password, name, limiter=_few)
    if present is not None and _plain(password) == _plain(present):
        raise SamePassword


def check_strength(password: str, name: str) -> None:
    plain = _plain(password)
    if len(plain) < LEAST_LENGTH or plain.casefold() == name.casefold() or _is_guessable(plain, name):
        raise WeakPassword


def _is_guessable(password: str, name: str) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists load slowly, and few starts need them

    estimate = zxcvbn(password[:LOOKED_AT], user_inputs=[name, *OWN_WORDS])
    return bool(estimate["score"] < LEAST_SCORE)


def draw() -> str:
    """Draws a password without ambiguous letters, because people read it out by telephone."""
    letters = "abcdefghkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


async def hashed(password: str) -> str:
    return await to_thread.run_sync(_hasher.hash, _plain(password), limiter=_few)


async def matches(password: str, hash: str | None) -> bool:
    """Checks a password.

    The check of an unknown account takes the same time, so that nobody finds out which accounts exist.
    """
    return await to_thread.run_sync(_matches, _plain(password), hash, limiter=_few)


def _matches(password: str, hash: str | None) -> bool:
    try:
        _hasher.verify(hash or _nobody, password)
        return hash is not None
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> str:
    """Returns the NFKC form, because keyboards encode the same letter in different ways."""
    return unicodedata.normalize("NFKC", password)

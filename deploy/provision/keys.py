"""Generates key pairs for sealing reports, and destroys a private key that no report needs any more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.intake import spool
from shared.config import Settings
from shared.crypto.seal import generate, key_id, sync
from shared.errors import DocumentedError
from shared.events.topics import SEGMENT_MS

# Kafka may delete a record up to a day later than its retention says. After a rotation, intake may seal reports to
# the older key for some minutes.
OVER = 3 * timedelta(milliseconds=SEGMENT_MS)


class CannotRetire(DocumentedError):
    """The key stays."""


class NoSuchKey(CannotRetire):
    """There is no private key of this id. The existing ids are in the parentheses."""


class KeyInUse(CannotRetire):
    """Reports are sealed to this key. Generate another key first (rotate)."""


class KeyCarried(CannotRetire):
    """A report that was sealed to this key may still be on the log or among the dead letters, and could not be opened.

    Try again after that day; nothing was changed.
    """


class KeySpooled(CannotRetire):
    """A report in the spool is sealed to this key.

    The report leaves the spool when the broker answers again; nothing was changed.
    """


class KeysElsewhere(CannotRetire):
    """The public key and the private key are not in one folder here.

    Generate and destroy keys in the folder where these keys were generated.

    In containers: docker compose run --rm secrets rotate | retire KID.
    """


class NoKeys(CannotRetire):
    """There are no keys in this folder, so no installation seals reports to such keys.

    Name the installation's folder by STATE=; no key was generated.
    """


def rotate(settings: Settings) -> str:
    """Return the new key's id. Reports sealed to older keys can still be decrypted. Raises KeysElsewhere, NoKeys."""
    return generate(folder(settings))


def retire(settings: Settings, kid: str, now: datetime) -> None:
    """Raises CannotRetire, and PermissionError if the spool is closed to this user."""
    in_use, known = current(settings), drawn(settings)
    if kid not in known:
        raise NoSuchKey(*known)
    if kid == in_use:
        raise KeyInUse(kid)
    # a record may become a dead letter on its last day, and dead letters have their own retention
    carried = timedelta(days=settings.displacements_days + settings.dead_letters_days) + OVER
    until = min((at for at in known.values() if at > known[kid]), default=known[kid]) + carried
    if now < until:
        raise KeyCarried(f"{until:%Y-%m-%d}")
    if any(kid.encode() in file.read_bytes() for file in spool.all_files(settings.state / "spool")):
        raise KeySpooled(kid)
    (settings.seal_private_keys / f"{kid}.key").unlink()
    sync(settings.seal_private_keys)


def drawn(settings: Settings) -> dict[str, datetime]:
    """Map the id of each private key to the time when the key was generated, oldest first."""
    ages = {
        file.stem: datetime.fromtimestamp(file.stat().st_mtime, UTC)
        for file in settings.seal_private_keys.glob("*.key")
    }
    return dict(sorted(ages.items(), key=lambda item: item[1]))


def current(settings: Settings) -> str:
    return key_id((folder(settings) / "public.key").read_bytes())


def folder(settings: Settings) -> Path:
    if settings.seal_public_key_file.parent != settings.seal_private_keys.parent:
        raise KeysElsewhere(settings.seal_public_key_file.parent, settings.seal_private_keys)
    if not settings.seal_public_key_file.exists():
        raise NoKeys(settings.seal_public_key_file.absolute())
    return settings.seal_public_key_file.parent

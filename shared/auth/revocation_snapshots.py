"""A snapshot of the revoked credentials on disk.

A process that starts while the broker is unavailable uses the snapshot.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared import log
from shared.config import Settings
from shared.crypto.seal import write_whole
from shared.events import CredentialRevoked
from shared.events.fields import Instant

LONGEST_USE = timedelta(hours=24)
CLOCK_SKEW = timedelta(minutes=5)  # a snapshot may be this far in the future, because clocks differ


class Snapshot(BaseModel):
    """The revoked credentials. The snapshot is complete up to `read_at`."""

    model_config = ConfigDict(frozen=True)

    read_at: Instant
    revoked: tuple[CredentialRevoked, ...] = ()

    def is_usable(self, now: datetime) -> bool:
        return -CLOCK_SKEW <= now - self.read_at < LONGEST_USE


def file_of(settings: Settings) -> Path:
    """Return the file of this service. Several services share the folder."""
    return settings.state / "access" / f"{settings.service}.json"


def load(file: Path) -> Snapshot | None:
    """Returns None if the file is missing or unreadable."""
    try:
        return Snapshot.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.get().warning("snapshot of revocations cannot be read", **log.described(error))
        return None


def save(file: Path, read_at: datetime, revoked: Iterable[CredentialRevoked]) -> None:
    """Write the snapshot. An error of writing is only logged, so that the service continues."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = Snapshot(read_at=read_at.astimezone(UTC), revoked=tuple(revoked)).model_dump_json(exclude_none=True)
        write_whole(file, content.encode())
    except OSError as error:
        log.get().warning("snapshot of revocations cannot be written", **log.described(error))

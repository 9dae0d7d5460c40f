"""A snapshot of the topic `access` on disk, for processes that start while the broker is unavailable."""

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
CLOCK_SKEW = timedelta(minutes=5)  # a snapshot from the future is ignored, but clocks may differ by this time


class Snapshot(BaseModel):
    """The revoked credentials. At the time `read_at`, the process had read the topic to the end."""

    model_config = ConfigDict(frozen=True)

    read_at: Instant
    revoked: tuple[CredentialRevoked, ...] = ()

    def is_usable(self, now: datetime) -> bool:
        return -CLOCK_SKEW <= now - self.read_at < LONGEST_USE


def file_of(settings: Settings) -> Path:
    """Each service has a separate file, because processes of several services share a folder."""
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
    """A failed write is logged, and the service continues."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = Snapshot(read_at=read_at.astimezone(UTC), revoked=tuple(revoked)).model_dump_json(exclude_none=True)
        write_whole(file, content.encode())
    except OSError as error:
        log.get().warning("snapshot of revocations cannot be written", **log.described(error))

"""The file that `dayar watch` writes, and that the status page and `dayar status` read."""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.config import Settings
from shared.crypto.seal import write_whole
from shared.monitoring.findings import MonitoringFinding

FILE = "status.json"
# `dayar watch` writes the file every few seconds. An older file means that `dayar watch` has stopped.
STALE = timedelta(minutes=2)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class TrackedFinding(Frozen):
    """A problem that exists, or has ended without a message about the end.

    `reported_at` and `reported` are the time and the level of the last message about the problem.
    """

    check: str
    finding: MonitoringFinding
    since: datetime
    reported_at: datetime | None = None
    reported: str | None = None
    ended_at: datetime | None = None


class ComponentStatus(Frozen):
    """`answered_at` is None if the component never answered."""

    name: str
    is_up: bool
    version: str = ""
    answered_at: datetime | None = None


class ConsumerStatus(Frozen):
    """`oldest` is the age of the oldest unread record in seconds."""

    service: str
    topic: str
    unread: int
    oldest: float


class FeedStatus(Frozen):
    name: str
    source: str
    read_at: datetime | None
    entry_at: datetime | None
    failures: int


class ChannelStatus(Frozen):
    name: str
    delivered_at: datetime | None
    failing: int
    failing_since: datetime | None


class CheckStatus(Frozen):
    name: str
    state: str
    checked_at: datetime | None


class ServiceStatus(Frozen):
    """The last known facts about a service. While a service does not answer, its last known facts stay."""

    measured_at: datetime
    consumers: tuple[ConsumerStatus, ...] = ()
    feeds: tuple[FeedStatus, ...] = ()
    channels: tuple[ChannelStatus, ...] = ()
    checks: tuple[CheckStatus, ...] = ()


class MessagePath(Frozen):
    name: str
    delivered_at: datetime | None = None
    failure: str | None = None


class SystemStatus(Frozen):
    looked_at: datetime
    is_exercise: bool = False
    components: tuple[ComponentStatus, ...] = ()
    parts: dict[str, ServiceStatus] = {}
    tracked_findings: tuple[TrackedFinding, ...] = ()
    paths: tuple[MessagePath, ...] = ()

    def is_stale(self, now: datetime) -> bool:
        """True if the status is so old that `dayar watch` must have stopped."""
        return now - self.looked_at > STALE

    @property
    def open(self) -> list[TrackedFinding]:
        """The open findings: failures before warnings, older findings first."""
        holding = [tracked for tracked in self.tracked_findings if tracked.ended_at is None]
        return sorted(holding, key=lambda tracked: (tracked.finding.level, tracked.since))


def folder_of(settings: Settings) -> Path:
    return settings.watch_folder or settings.state / "watch"


def read(folder: Path) -> SystemStatus | None:
    """Returns None if `dayar watch` never ran here, or if this user or release cannot read the file."""
    try:
        return SystemStatus.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write(folder: Path, status: SystemStatus) -> None:
    write_whole(folder / FILE, status.model_dump_json().encode())

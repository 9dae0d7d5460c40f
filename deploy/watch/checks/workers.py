"""Checks that the event loop of each worker runs. A running loop touches the worker's heartbeat file every second."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

SILENT = timedelta(seconds=30)


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    beats = {name: beat(around.settings.beats / f"{name}.beat") for name in around.settings.watch_workers}
    return [of_worker(name, at) for name, at in beats.items() if at is None or around.now - at > SILENT]


def beat(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def of_worker(name: str, at: datetime | None) -> MonitoringFinding:
    values = {"worker": name, "at": at.isoformat() if at else ""}
    return MonitoringFinding(kind=FindingKind.WORKER_SILENT, level=Level.FAILED, subject=name, values=values)

"""Checks that each worker's event loop runs, and that no worker starts again and again.

The worker's event loop touches the worker's heartbeat file every second. The heartbeat file contains the time at which
the worker started.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

SILENT = timedelta(seconds=30)
# A worker that fails at once starts at least every 36 s, so it starts often within ten minutes.
RECENT = timedelta(minutes=10)
MOST_STARTS = 4  # An update, or a person who restarts a worker, causes fewer starts.


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    files = {name: around.settings.beats / f"{name}.beat" for name in around.settings.watch_workers}
    beats = {name: beat(file) for name, file in files.items()}
    starts = {name: recent_starts(around, name, file) for name, file in files.items()}
    return [
        *(of_worker(name, at) for name, at in beats.items() if at is None or around.now - at > SILENT),
        *(of_restarts(name, count) for name, count in starts.items() if count >= MOST_STARTS),
    ]


def recent_starts(around: Surroundings, name: str, file: Path) -> int:
    """Counts the worker's starts that the monitoring has seen in the last ten minutes."""
    starts = around.worker_starts.setdefault(name, set())
    with suppress(OSError, ValueError):  # The heartbeat file is missing, or the worker is just writing the file.
        starts.add(datetime.fromisoformat(file.read_text(encoding="ascii")))
    starts -= {start for start in starts if around.now - start > RECENT}
    return len(starts)


def beat(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def of_worker(name: str, at: datetime | None) -> MonitoringFinding:
    values = {"worker": name, "at": at.isoformat() if at else ""}
    return MonitoringFinding(kind=FindingKind.WORKER_SILENT, level=Level.FAILED, subject=name, values=values)


def of_restarts(name: str, count: int) -> MonitoringFinding:
    values = {"worker": name, "starts": count}
    return MonitoringFinding(kind=FindingKind.WORKER_RESTARTS, level=Level.FAILED, subject=name, values=values)

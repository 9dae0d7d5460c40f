"""Checks that the disks have free space.

On a full disk, intake cannot write its spool, and accepts no reports.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

GIB = 1 << 30
LOW_SHARE, LOW_BYTES = 0.10, 5 * GIB  # The check warns if the free space is below both LOW_SHARE and LOW_BYTES.
FULL_SHARE, FULL_BYTES = 0.03, GIB


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    findings = (of_disk(folder, *usage(folder)) for folder in around.settings.disks)
    return [finding for finding in findings if finding is not None]


def usage(folder: Path) -> tuple[int, int]:
    used = shutil.disk_usage(folder)
    return used.free, used.total


def of_disk(folder: Path, free: int, total: int) -> MonitoringFinding | None:
    if free >= LOW_SHARE * total or free >= LOW_BYTES:
        return None
    is_full = free < FULL_SHARE * total or free < FULL_BYTES
    values = {"folder": str(folder), "gib": round(free / GIB, 1), "percent": round(100 * free / total)}
    level = Level.FAILED if is_full else Level.WARNING
    return MonitoringFinding(kind=FindingKind.DISK_FULL, level=level, subject=str(folder), values=values)

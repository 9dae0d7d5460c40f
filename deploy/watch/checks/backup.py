"""Checks that last night's backup was made."""

from collections.abc import Sequence
from datetime import UTC, datetime

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

KINDS = {
    "never": (FindingKind.BACKUP_NEVER, Level.WARNING),
    "bad": (FindingKind.BACKUP_FAILED, Level.FAILED),
    "overdue": (FindingKind.BACKUP_OVERDUE, Level.FAILED),
}


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    """An exercise needs no backup."""
    metrics = await around.metrics("console")
    states = [
        sample.labels["state"]
        for sample in metrics["console_check_state"]
        if sample.labels["check"] == "backup" and sample.value
    ]
    (made,) = (
        sample.value for sample in metrics["console_check_timestamp_seconds"] if sample.labels["check"] == "backup"
    )
    return [
        MonitoringFinding(
            kind=kind, level=level, values={"at": datetime.fromtimestamp(made, UTC).isoformat() if made else ""}
        )
        for kind, level in (KINDS[state] for state in states if state in KINDS)
        if not (around.settings.exercise and kind is FindingKind.BACKUP_NEVER)
    ]

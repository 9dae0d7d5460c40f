"""Checks that no held report has waited for a day for a person's decision."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

OLD = timedelta(days=1)
TOO_OLD = timedelta(days=3)


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    metrics = await around.metrics("registry")
    (count,), (oldest,) = metrics["registry_held_reports"], metrics["registry_oldest_held_timestamp_seconds"]
    since = datetime.fromtimestamp(oldest.value, UTC)
    if not count.value or around.now - since < OLD:
        return []
    level = Level.FAILED if around.now - since > TOO_OLD else Level.WARNING
    values = {"reports": round(count.value), "at": since.isoformat()}
    return [MonitoringFinding(kind=FindingKind.HELD_OLD, level=level, values=values)]

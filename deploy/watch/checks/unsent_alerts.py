"""Checks that each Severe or Extreme alert has a receiver."""

from collections.abc import Sequence
from datetime import UTC, datetime

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    metrics = await around.metrics("alerts")
    (count,), (since,) = metrics["alerts_unsent_grave_alerts"], metrics["alerts_unsent_since_timestamp_seconds"]
    if not count.value:
        return []
    values = {"alerts": round(count.value), "at": datetime.fromtimestamp(since.value, UTC).isoformat()}
    return [MonitoringFinding(kind=FindingKind.ALERTS_UNSENT, level=Level.FAILED, values=values)]

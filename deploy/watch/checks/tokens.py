"""Checks for tokens of other systems and of phones that end soon, or that have ended a short time ago."""

from collections.abc import Sequence

from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    metrics = await around.metrics("console")
    return [
        MonitoringFinding(
            kind=FindingKind.TOKENS_END,
            level=Level.WARNING,
            subject=sample.labels["kind"],
            values={"kind": sample.labels["kind"], "tokens": round(sample.value)},
        )
        for sample in metrics["console_ending_tokens"]
        if sample.value
    ]

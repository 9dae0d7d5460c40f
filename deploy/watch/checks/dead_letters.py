"""Checks that no dead letter waits for a decision."""

from collections.abc import Sequence

from deploy.watch.checks import lag
from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    samples = [sample for metrics in await around.all_metrics() for sample in metrics["dayar_waiting_dead_letters"]]
    return [
        lag.of(FindingKind.DEAD_LETTERS, Level.WARNING, sample, letters=round(sample.value))
        for sample in samples
        if sample.value
    ]

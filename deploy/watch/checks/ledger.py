"""Checks that the ledger counts every record under one outcome."""

from collections.abc import Sequence

from deploy.watch.checks import lag
from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    samples = [sample for metrics in await around.all_metrics() for sample in metrics["dayar_unaccounted_records"]]
    return [
        lag.of(FindingKind.LEDGER_UNBALANCED, Level.FAILED, sample, records=round(sample.value))
        for sample in samples
        if sample.value
    ]

"""Checks that no record waits too long for a consumer, and that no consumer has stopped."""

from collections.abc import Iterable, Sequence

from deploy.watch.surroundings import Sample, Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

LATE_SECONDS = 300
TOO_LATE_SECONDS = 1800


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    findings: list[MonitoringFinding] = []
    for metrics in await around.all_metrics():
        findings += late(metrics["dayar_unread_seconds"])
        findings += stopped(metrics["dayar_stopped_partitions"])
    return findings


def late(samples: Iterable[Sample]) -> Iterable[MonitoringFinding]:
    for sample in samples:
        if sample.value > LATE_SECONDS:
            level = Level.FAILED if sample.value > TOO_LATE_SECONDS else Level.WARNING
            yield of(FindingKind.RECORDS_WAIT, level, sample, minutes=round(sample.value / 60))


def stopped(samples: Iterable[Sample]) -> Iterable[MonitoringFinding]:
    for sample in samples:
        if sample.value:
            yield of(FindingKind.CONSUMER_STOPPED, Level.FAILED, sample, partitions=round(sample.value))


def of(kind: FindingKind, level: Level, sample: Sample, **figures: int) -> MonitoringFinding:
    consumer, topic = sample.labels["consumer"], sample.labels["topic"]
    return MonitoringFinding(
        kind=kind, level=level, subject=f"{consumer}/{topic}", values={"service": consumer, "topic": topic, **figures}
    )

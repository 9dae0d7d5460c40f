"""Checks that each feed was read in the last half hour."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from deploy.watch.surroundings import Sample, Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

LATE = timedelta(minutes=30)  # After failures, intake pauses for at most half this time before it reads the feed anew.
TOO_LATE = timedelta(hours=3)


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    metrics = await around.metrics("intake")
    read = metrics.get("intake_feed_read_timestamp_seconds", ())
    return [of_feed(sample, around.now) for sample in read if around.now - at(sample) > LATE]


def at(sample: Sample) -> datetime:
    return datetime.fromtimestamp(sample.value, UTC)


def of_feed(sample: Sample, now: datetime) -> MonitoringFinding:
    feed = sample.labels["feed"]
    level = Level.FAILED if sample.value and now - at(sample) > TOO_LATE else Level.WARNING
    values = {"feed": feed, "at": at(sample).isoformat() if sample.value else ""}
    return MonitoringFinding(kind=FindingKind.FEED_SILENT, level=level, subject=feed, values=values)

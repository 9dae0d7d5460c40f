"""Checks that alerts can be read, and that they reach their receivers on each channel."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from deploy.watch.surroundings import Sample, Surroundings
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding

# Telegram answers a request for updates within half a minute, so five minutes without an answer mean a failure.
WITHOUT_UPDATES = timedelta(minutes=5)


async def look(around: Surroundings) -> Sequence[MonitoringFinding]:
    metrics = await around.metrics("alerts")
    since = by_channel(metrics.get("alerts_failing_since_timestamp_seconds", ()))
    failing = by_channel(metrics.get("alerts_failing_deliveries", ()))
    abandoned = by_channel(metrics.get("alerts_abandoned_deliveries", ()))
    overdue = by_channel(metrics.get("alerts_overdue_deliveries", ()))
    return [
        *(of_failing(name, count, since[name]) for name, count in failing.items() if count),
        *(of_abandoned(name, count) for name, count in abandoned.items() if count),
        *(of_overdue(name, count) for name, count in overdue.items() if count),
        *of_escalations(metrics.get("alerts_overdue_escalations", ())),
        *of_bot(metrics.get("alerts_bot_updates_timestamp_seconds", ()), around.now),
        *of_unreadable(metrics.get("alerts_unreadable_alerts", ())),
    ]


def by_channel(samples: Iterable[Sample]) -> dict[str, float]:
    return {sample.labels["channel"]: sample.value for sample in samples}


def of_failing(channel: str, count: float, since: float) -> MonitoringFinding:
    at = datetime.fromtimestamp(since, UTC).isoformat()
    values = {"channel": channel, "deliveries": round(count), "at": at}
    return MonitoringFinding(kind=FindingKind.CHANNEL_FAILING, level=Level.FAILED, subject=channel, values=values)


def of_abandoned(channel: str, count: float) -> MonitoringFinding:
    values = {"channel": channel, "deliveries": round(count)}
    return MonitoringFinding(kind=FindingKind.DELIVERIES_ABANDONED, level=Level.WARNING, subject=channel, values=values)


def of_overdue(channel: str, count: float) -> MonitoringFinding:
    values = {"channel": channel, "deliveries": round(count)}
    return MonitoringFinding(kind=FindingKind.DELIVERIES_OVERDUE, level=Level.FAILED, subject=channel, values=values)


def of_escalations(samples: Iterable[Sample]) -> Iterable[MonitoringFinding]:
    for sample in samples:
        if sample.value:
            values = {"alerts": round(sample.value)}
            yield MonitoringFinding(kind=FindingKind.ESCALATIONS_OVERDUE, level=Level.FAILED, values=values)


def of_bot(samples: Iterable[Sample], now: datetime) -> Iterable[MonitoringFinding]:
    for sample in samples:
        at = datetime.fromtimestamp(sample.value, UTC)
        if sample.value and now - at > WITHOUT_UPDATES:
            yield MonitoringFinding(
                kind=FindingKind.BOT_WITHOUT_UPDATES, level=Level.FAILED, values={"at": at.isoformat()}
            )


def of_unreadable(samples: Iterable[Sample]) -> Iterable[MonitoringFinding]:
    alerts = {sample.labels["severity"]: round(sample.value) for sample in samples}
    if any(alerts.values()):
        level = Level.FAILED if alerts["grave"] else Level.WARNING
        values = {"alerts": sum(alerts.values()), "grave": alerts["grave"]}
        yield MonitoringFinding(kind=FindingKind.ALERTS_UNREADABLE, level=level, values=values)

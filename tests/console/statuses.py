"""A status as `dayar watch` writes it, for tests of the page."""

from datetime import datetime, timedelta

from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.monitoring.status import (
    ChannelStatus,
    CheckStatus,
    ComponentStatus,
    ConsumerStatus,
    FeedStatus,
    MessagePath,
    ServiceStatus,
    SystemStatus,
    TrackedFinding,
)


def with_postgresql_away(now: datetime) -> SystemStatus:
    """A status with two findings: PostgreSQL has been unavailable for an hour, and mails to the administrators fail."""
    hour_ago = now - timedelta(hours=1)
    away = MonitoringFinding(
        kind=FindingKind.SERVER_AWAY,
        level=Level.FAILED,
        subject="postgresql",
        values={"server": "PostgreSQL", "services": "intake, registry, alerts, console"},
    )
    disk = MonitoringFinding(
        kind=FindingKind.DISK_FULL,
        level=Level.WARNING,
        subject="/var/lib/dayar",
        values={"folder": "/var/lib/dayar", "gib": 4.2, "percent": 8},
    )
    up = ("intake", "registry", "alerts", "console", "intake-worker", "registry-worker", "Kafka", "Valkey")
    registry = ServiceStatus(
        measured_at=hour_ago,
        consumers=(ConsumerStatus(service="registry", topic="displacements", unread=1234, oldest=75.0),),
    )
    intake = ServiceStatus(
        measured_at=hour_ago,
        feeds=(
            FeedStatus(
                name="earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_day.geojson",
                source="usgs",
                read_at=hour_ago,
                entry_at=None,
                failures=0,
            ),
        ),
    )
    alerts = ServiceStatus(
        measured_at=hour_ago,
        channels=(ChannelStatus(name="email", delivered_at=hour_ago, failing=3, failing_since=hour_ago),),
    )
    console = ServiceStatus(
        measured_at=hour_ago,
        checks=(
            CheckStatus(name="backup", state="overdue", checked_at=hour_ago - timedelta(days=2)),
            CheckStatus(name="clock", state="never", checked_at=None),
        ),
    )
    return SystemStatus(
        looked_at=now,
        components=(
            *(ComponentStatus(name=name, is_up=True, version="0.1.0", answered_at=now) for name in up),
            ComponentStatus(name="PostgreSQL", is_up=False, version="18.1", answered_at=hour_ago),
        ),
        parts={"intake": intake, "registry": registry, "alerts": alerts, "console": console},
        tracked_findings=(
            TrackedFinding(check="disk", finding=disk, since=hour_ago),
            TrackedFinding(check="services", finding=away, since=hour_ago, reported_at=hour_ago, reported="failed"),
        ),
        paths=(MessagePath(name="mail", delivered_at=hour_ago, failure="smtp_451"),),
    )

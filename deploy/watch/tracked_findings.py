"""Decides which findings are reported to the administrators, and when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.monitoring.findings import Level, MonitoringFinding
from shared.monitoring.status import TrackedFinding

# A finding that ends and comes back within this time counts as one finding.
SETTLED = timedelta(minutes=5)
WARNED_AGAIN = timedelta(days=1)


class Occasion(StrEnum):
    BEGUN = "begun"
    WORSE = "worse"
    STILL = "still"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Report:
    tracked: TrackedFinding
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Patience:
    """`repeat` is the shortest time between two messages about one failure.

    `lasting` maps a check to the time that its findings must last before the first message.
    """

    repeat: timedelta
    lasting: Mapping[str, timedelta]
    settled: timedelta = SETTLED


def looked(
    known: Iterable[TrackedFinding], check: str, findings: Sequence[MonitoringFinding], now: datetime
) -> list[TrackedFinding]:
    """A finding has ended if the check does not return the finding any more."""
    before = {tracked.finding.key: tracked for tracked in known if tracked.check == check}
    others = [tracked for tracked in known if tracked.check != check]
    current = {finding.key: finding for finding in findings}
    return [
        *others,
        *(_held(before.get(key), check, finding, now) for key, finding in current.items()),
        *(_ended(tracked, now) for key, tracked in before.items() if key not in current),
    ]


def due(tracked_findings: Iterable[TrackedFinding], patience: Patience, now: datetime) -> list[Report]:
    """Failures come first."""
    occasions = ((tracked, _occasion(tracked, patience, now)) for tracked in tracked_findings)
    reports = [Report(tracked, occasion) for tracked, occasion in occasions if occasion is not None]
    return sorted(reports, key=lambda report: (report.occasion is Occasion.RECOVERED, report.tracked.finding.level))


def reported(
    tracked_findings: Iterable[TrackedFinding], reports: Iterable[Report], now: datetime
) -> list[TrackedFinding]:
    """Findings whose end was reported are removed."""
    reported_keys = {(report.tracked.check, report.tracked.finding.key) for report in reports}
    return [
        _as_reported(tracked, now) if (tracked.check, tracked.finding.key) in reported_keys else tracked
        for tracked in tracked_findings
        if tracked.ended_at is None or (tracked.check, tracked.finding.key) not in reported_keys
    ]


def without_settled(
    tracked_findings: Iterable[TrackedFinding], patience: Patience, now: datetime
) -> list[TrackedFinding]:
    """Removes findings that ended unreported and did not come back within `patience.settled`."""
    return [
        tracked
        for tracked in tracked_findings
        if tracked.ended_at is None or tracked.reported_at is not None or now - tracked.ended_at < patience.settled
    ]


def _held(before: TrackedFinding | None, check: str, finding: MonitoringFinding, now: datetime) -> TrackedFinding:
    if before is None:
        return TrackedFinding(check=check, finding=finding, since=now)
    since = now if before.ended_at is not None and before.reported_at is None else before.since
    return before.model_copy(update={"finding": finding, "ended_at": None, "since": since})


def _ended(tracked: TrackedFinding, now: datetime) -> TrackedFinding:
    return tracked if tracked.ended_at is not None else tracked.model_copy(update={"ended_at": now})


def _as_reported(tracked: TrackedFinding, now: datetime) -> TrackedFinding:
    return tracked.model_copy(update={"reported_at": now, "reported": tracked.finding.level})


def _occasion(tracked: TrackedFinding, patience: Patience, now: datetime) -> Occasion | None:
    level = tracked.finding.level
    if tracked.ended_at is not None:
        is_over = tracked.reported_at is not None and now - tracked.ended_at >= patience.settled
        return Occasion.RECOVERED if is_over else None
    if tracked.reported_at is None:
        return Occasion.BEGUN if now - tracked.since >= patience.lasting.get(tracked.check, timedelta()) else None
    if level is Level.FAILED and tracked.reported == Level.WARNING:
        return Occasion.WORSE
    again = patience.repeat if level is Level.FAILED else max(patience.repeat, WARNED_AGAIN)
    return Occasion.STILL if now - tracked.reported_at >= again else None

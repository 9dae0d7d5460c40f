"""An alert and what may become of it; each change is a new value with the next `sequence`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.alerts.rules import RANK, TOO_OLD, Finding, Kind, Situation
from shared import events
from shared.events import AlertRaised, Message
from shared.events.vocabulary import HazardType, Severity, Status, Verdict

SOURCE = "/alerts"


@dataclass(frozen=True, slots=True)
class Person:
    """Who answered; `note` says for whom and how where it was not by the own hand ("by telephone, name, time")."""

    account: UUID
    name: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of the table. `step` counts the notifications begun, `level` the escalations."""

    alert_id: UUID
    kind: Kind
    status: Status
    area: str
    situation: str
    sequence: int
    rule: str
    reason: str
    severity: Severity
    onset: datetime
    raised_at: datetime
    changed_at: datetime
    nature: str = "machine"
    is_suppressed: bool = False
    is_lapsed: bool = False
    step: int = 0
    level: int = 0
    escalates_at: datetime | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    hazard_type: HazardType | None = None
    hazard_id: UUID | None = None
    pcodes: tuple[str, ...] = ()
    households: int | None = None
    expires: datetime | None = None
    report_id: UUID | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = None
    acknowledged_name: str | None = None
    acknowledged_note: str | None = None
    resolved_at: datetime | None = None
    resolved_by: UUID | None = None
    resolved_name: str | None = None
    resolved_note: str | None = None
    verdict: Verdict | None = None

    @property
    def is_answered(self) -> bool:
        return self.acknowledged_at is not None or self.resolved_at is not None

    @property
    def state(self) -> str:
        if self.is_suppressed:
            return "suppressed"
        if self.resolved_at is not None:
            return "resolved"
        return "open" if self.acknowledged_at is None else "acknowledged"

    def event(self, event: type[AlertRaised]) -> Message:
        data = event.model_validate(self, from_attributes=True)
        id = events.derived_id("alert", self.alert_id, self.sequence)
        return events.message(data, id=id, source=SOURCE, time=self.changed_at)


def identity(situation: Situation) -> UUID:
    return events.derived_id("alert", situation.kind, situation.status, situation.area, situation.name)


def raised(finding: Finding, report_id: UUID | None, now: datetime) -> Alert:
    """A new alert; a suppressed one is kept too, so that the situation is known and told once."""
    return Alert(
        alert_id=identity(finding.situation),
        kind=finding.situation.kind,
        status=finding.situation.status,
        area=finding.situation.area,
        situation=finding.situation.name,
        sequence=1,
        raised_at=now,
        changed_at=now,
        report_id=report_id,
        is_suppressed=finding.is_suppressed,
        **_said(finding),
    )


def renewed(alert: Alert, finding: Finding, now: datetime) -> Alert:
    """The alert with what the rule says now: the same value where nothing it tells has changed."""
    said = _said(finding)
    if not alert.is_lapsed and all(getattr(alert, name) == value for name, value in said.items()):
        return alert
    return changed(alert, now, is_lapsed=False, **said)


def unsuppressed(alert: Alert, finding: Finding, now: datetime) -> Alert:
    """Known as too old until now: it is raised with a word that is fresh."""
    return changed(alert, now, is_suppressed=False, is_lapsed=False, raised_at=now, **_said(finding))


def lapsed(alert: Alert, reason: str, now: datetime) -> Alert:
    """The rule takes its word back (cancelled, revised down): the alert stays for a person to close, but is quiet."""
    if alert.is_lapsed or alert.is_suppressed:
        return alert
    return changed(alert, now, is_lapsed=True, reason=reason, escalates_at=None)


def acknowledged(alert: Alert, person: Person, now: datetime) -> Alert:
    return changed(
        alert, now, escalates_at=None,
        acknowledged_at=now, acknowledged_by=person.account, acknowledged_name=person.name, acknowledged_note=person.note,
    )  # fmt: skip


def resolved(alert: Alert, verdict: Verdict, person: Person, now: datetime) -> Alert:
    return changed(
        alert, now, escalates_at=None, verdict=verdict,
        nature="confirmed" if verdict is Verdict.CONFIRMED else alert.nature,
        resolved_at=now, resolved_by=person.account, resolved_name=person.name, resolved_note=person.note,
    )  # fmt: skip


def reopened(alert: Alert) -> Alert:
    """Whoever closed it had judged something milder: as if nobody had answered, and a machine's word again."""
    return replace(
        alert, nature="machine", verdict=None,
        acknowledged_at=None, acknowledged_by=None, acknowledged_name=None, acknowledged_note=None,
        resolved_at=None, resolved_by=None, resolved_name=None, resolved_note=None,
    )  # fmt: skip


def is_worse(alert: Alert, before: Alert) -> bool:
    return RANK[alert.severity] > RANK[before.severity]


def changed(alert: Alert, now: datetime, **changes: Any) -> Alert:
    return replace(alert, sequence=alert.sequence + 1, changed_at=now, **changes)


def _said(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "reason": TOO_OLD if finding.is_suppressed else finding.reason,
        "severity": finding.severity,
        "onset": finding.onset,
        "expires": finding.expires,
        "figures": dict(finding.figures),
        "hazard_type": finding.hazard_type,
        "hazard_id": finding.hazard_id,
        "pcodes": finding.pcodes,
        "households": finding.households,
    }

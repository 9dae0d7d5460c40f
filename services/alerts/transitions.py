"""Computes the state changes of alerts. Each function returns the changed alert, usually with the next `sequence`."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.alerts.alerts import CANCELLED, EXPIRED, IMPACTS, Alert, UnreadableAlert
from services.alerts.rules.findings import RANK, Finding, Situation
from shared import events
from shared.auth.tokens import Ancestry
from shared.events.vocabulary import Closer, ImpactLevel, Validity, Verdict

NOT_COUNTED: dict[str, Any] = dict.fromkeys(("acknowledgements", "acknowledgements_needed"))
NOT_ACKNOWLEDGED: dict[str, Any] = {
    **dict.fromkeys(f"acknowledged_{part}" for part in ("at", "by", "name", "note")),
    "partly_acknowledged_by": (),
    **NOT_COUNTED,
}
NOT_IN_PROGRESS: dict[str, Any] = dict.fromkeys(f"progressed_{part}" for part in ("at", "by", "name"))
NOT_ASSIGNED: dict[str, Any] = dict.fromkeys(f"assigned_{part}" for part in ("at", "by", "to", "name"))
NOT_CONFIRMED: dict[str, Any] = dict.fromkeys(f"confirmed_{part}" for part in ("at", "by", "name"))
NOT_SNOOZED: dict[str, Any] = dict.fromkeys(f"snoozed_{part}" for part in ("until", "by", "name"))
NOT_RESOLVED: dict[str, Any] = dict.fromkeys(
    ("resolved_at", "resolved_by", "resolved_name", "resolved_note", "closed_by", "verdict")
)


def identity(situation: Situation) -> UUID:
    return events.derived_id("alert", situation.kind, situation.status, situation.area, situation.name)


def raised(finding: Finding, report_id: UUID | None, now: datetime) -> Alert:
    """A situation must never get a second alert, so suppressed alerts are stored as well."""
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
        **_judged(finding),
    )


def raised_anew(stored: UnreadableAlert, finding: Finding, report_id: UUID | None, now: datetime) -> Alert:
    """The sequence and the step continue, so the new alert's events and deliveries get unused ids."""
    return replaced(raised(finding, report_id, now), sequence=stored.sequence + 1, step=stored.step)


def _judged(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "reason": finding.suppression if finding.is_suppressed else finding.reason,
        "severity": finding.severity,
        "severity_is_derived": finding.severity_is_derived,
        "onset": finding.onset,
        "expires": finding.expires,
        "figures": dict(finding.figures),
        "hazard_type": finding.hazard_type,
        "hazard_id": finding.hazard_id,
        "hazard_scope": finding.hazard_scope,
        "pcodes": finding.pcodes,
        "households": finding.households,
        "persons_step": finding.persons_step,
    }


def changed(alert: Alert, now: datetime, **changes: Any) -> Alert:
    return replaced(alert, sequence=alert.sequence + 1, changed_at=now, **changes)


def replaced(alert: Alert, **changes: Any) -> Alert:
    """Raises TypeError for an unknown field, which `model_copy` alone would accept."""
    if unknown := changes.keys() - Alert.model_fields.keys():
        raise TypeError(f"an alert has no {', '.join(unknown)}")
    return alert.model_copy(update=changes)


def renewed(alert: Alert, finding: Finding, now: datetime) -> Alert:
    """Returns `alert` itself if the finding changes nothing.

    If an expired alert gets a finding that has expired as well, the alert changes only if the finding is more severe or
    names new places.
    """
    latest = _judged(finding) | {"persons_step": max(alert.persons_step, finding.persons_step)}
    is_past = alert.validity is Validity.EXPIRED and finding.expires is not None and finding.expires <= now
    is_no_news = RANK[finding.severity] <= RANK[alert.severity] and set(finding.pcodes) <= set(alert.pcodes)
    if is_past and is_no_news:
        return alert
    if not alert.is_lapsed and all(getattr(alert, name) == value for name, value in latest.items()):
        return alert
    if alert.is_lapsed:
        # By its old waiting time the alert would expire at once, so a new waiting time begins.
        return changed(alert, now, is_lapsed=False, is_ringing=False, escalates_at=None, **latest)
    return changed(alert, now, **latest)


def unsuppressed(alert: Alert, finding: Finding, now: datetime) -> Alert:
    return changed(alert, now, is_suppressed=False, is_lapsed=False, raised_at=now, **_judged(finding))


def withheld(alert: Alert, finding: Finding, now: datetime) -> Alert:
    return changed(alert, now, is_lapsed=False, **_judged(finding))


def lapsed(alert: Alert, reason: str, now: datetime) -> Alert:
    """Of lapsed alerts, only a grave alert whose hazard has expired may still escalate.

    Dayar closes a lapsed alert, with these exceptions. An alert on which people work rings until they close it. A grave
    unacknowledged alert stays open. If its hazard has expired, the grave alert escalates until somebody answers, or
    until the source cancels or downgrades the hazard. If a confirmed alert became graver and nobody acknowledged it
    anew, it counts as unacknowledged.
    """
    if alert.is_withheld:
        return changed(alert, now, is_lapsed=True, reason=reason)
    if alert.is_overdue and reason != EXPIRED:
        return changed(alert, now, reason=reason, escalates_at=None)
    if alert.is_lapsed or alert.is_suppressed:
        return alert
    after = changed(
        alert,
        now,
        is_lapsed=True,
        reason=reason,
        escalates_at=None,
        reopened_by=None,
        reopened_name=None,
        **NOT_SNOOZED,
    )
    if after.resolved_at is not None:
        return after
    if after.is_worked_on and not after.is_overdue:
        return replaced(after, is_ringing=True)
    if after.acknowledged_at is None and after.is_grave:
        return replaced(after, is_ringing=False, escalates_at=alert.escalates_at if after.is_overdue else None)
    closer, verdict = LAPSES.get(reason, (Closer.RULE, Verdict.DOWNGRADED))
    return replaced(after, is_ringing=False, resolved_at=now, closed_by=closer, verdict=verdict)


LAPSES = {CANCELLED: (Closer.SOURCE, Verdict.CANCELLED), EXPIRED: (Closer.TIME, Verdict.EXPIRED)}


def at_next_level(alert: Alert, reached_step: UUID | None) -> Alert:
    """Acknowledgements count for one step, so the next step begins with zero."""
    return replaced(alert, level=alert.level + 1, reached_step=reached_step, **NOT_COUNTED)


def resumed(alert: Alert, now: datetime, wait: timedelta) -> Alert:
    """Starts a new waiting time. An acknowledged alert rings. An alert in progress neither rings nor waits."""
    is_in_progress = alert.progressed_at is not None
    return replaced(
        alert,
        waits_since=now,
        escalates_at=None if is_in_progress else now + wait,
        is_ringing=alert.acknowledged_at is not None and not is_in_progress,
        **NOT_SNOOZED,
    )


def given_back(alert: Alert, now: datetime, wait: timedelta) -> Alert:
    """Takes the alert from the person who was assigned or worked on it.

    If the alert was acknowledged, it rings again. If nobody has acknowledged the alert, its waiting time stays.
    """
    after = changed(alert, now, **NOT_ASSIGNED, **NOT_IN_PROGRESS, **NOT_SNOOZED)
    if alert.acknowledged_at is None:
        return after
    if alert.is_over:
        return replaced(after, is_ringing=True)
    due = alert.escalates_at if alert.is_silenced else now + wait
    return replaced(after, waits_since=now, escalates_at=due, is_ringing=not alert.is_silenced)


def is_acted_on(alert: Alert, now: datetime, wait: timedelta) -> bool:
    """True if an acknowledged alert does not ring and its waiting time has not ended."""
    due = continued(alert, wait).escalates_at
    return alert.acknowledged_at is not None and not alert.is_ringing and (due is None or due > now)


def continued(alert: Alert, wait: timedelta) -> Alert:
    """Continues the waiting time that began with the last action."""
    if alert.progressed_at is not None:
        return replaced(alert, escalates_at=None)
    due = alert.snoozed_until or (alert.waits_since or alert.changed_at) + wait
    return replaced(alert, escalates_at=due)


def demanded_anew(alert: Alert, now: datetime) -> Alert:
    """Demands new acknowledgements, because people acknowledged a milder or smaller situation, or other districts."""
    alert = replaced(alert, demanded_sequence=alert.sequence)
    if not alert.is_answered:
        return replaced(alert, partly_acknowledged_by=(), **NOT_COUNTED)
    judged = NOT_CONFIRMED | {"nature": "machine"} if alert.resolved_at else {}
    return replaced(
        alert,
        is_ringing=False,
        reopened_at=now,
        reopened_by=None,
        reopened_name=None,
        escalates_at=None,
        **NOT_ACKNOWLEDGED,
        **NOT_IN_PROGRESS,
        **NOT_SNOOZED,
        **NOT_RESOLVED,
        **judged,
    )


def woken_by(alert: Alert, latest: datetime) -> Alert:
    """Ends a snooze at `latest`, if the snooze would end later."""
    if alert.snoozed_until is None or alert.snoozed_until <= latest:
        return alert
    due = alert.escalates_at if alert.is_silenced else latest
    return replaced(alert, snoozed_until=latest, waits_since=latest, escalates_at=due)


def silenced(alert: Alert, until: datetime, inhibited_by: UUID | None = None) -> Alert:
    return replaced(alert, escalates_at=until, silenced_until=until, inhibited_by=inhibited_by)


def is_worse(alert: Alert, before: Alert) -> bool:
    return RANK[alert.severity] > RANK[before.severity]


def has_higher_impact(alert: Alert, before: Alert) -> bool:
    """The impact level of an earthquake (PAGER) is an estimate of the casualties.

    A missing impact level counts as green.
    """
    return impact_rank(alert) > impact_rank(before)


def impact_rank(alert: Alert) -> int:
    return IMPACTS.index(alert.figures.get("impact") or ImpactLevel.GREEN)


def has_grown(alert: Alert, before: Alert) -> bool:
    """Receivers are notified again at each higher threshold."""
    return alert.persons_step > before.persons_step


def has_new_districts(alert: Alert, before: Alert, places: Ancestry) -> bool:
    """A new district counts even if the alert now covers fewer districts.

    A place inside an earlier place of the alert is not new.
    """
    known = set(before.pcodes)
    return any(known.isdisjoint((pcode, *places.ancestors(pcode))) for pcode in alert.pcodes)

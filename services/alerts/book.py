"""The alerts that one transaction touches, and what is to be told of them; written together at its end."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.alerts import alerts
from services.alerts.alerts import Alert
from services.alerts.receivers import Receiver, at_level, up_to_level
from services.alerts.rules import TOO_OLD, Finding, Kind, Situation, Window
from services.alerts.ruleset import Ruleset
from shared import events
from shared.auth import Ancestry
from shared.events import AlertEscalated, AlertRaised, AlertSuppressed, AlertUpdated, Message
from shared.events.vocabulary import Channel, OutcomeKind, Status
from shared.readings import Outcome


class Cause(StrEnum):
    """Why a receiver is told."""

    RAISED = "raised"
    UPDATED = "updated"
    LAPSED = "lapsed"
    RETURNED = "returned"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One receiver to be told once; the id is the `webhook-id` of every attempt, the content the same in each."""

    delivery_id: UUID
    alert_id: UUID
    step: int
    recipient: str
    channel: Channel
    cause: Cause
    content: str
    created_at: datetime


class Book:
    """Takes what the rules find, and says what became of it; `called` are the receivers of each alert so far, by label."""

    def __init__(
        self, known: Iterable[Alert], receivers: Sequence[Receiver], called: Mapping[UUID, Collection[str]], *,
        places: Ancestry, rules: Ruleset, now: datetime,
    ) -> None:  # fmt: skip
        self._alerts = {alert.alert_id: alert for alert in known}
        self._called = defaultdict[UUID, set[str]](set, {alert_id: set(labels) for alert_id, labels in called.items()})
        self._receivers, self._places, self._rules, self._now = (receivers, places, rules, now)
        self.changed: dict[UUID, Alert] = {}
        self.deliveries: list[Delivery] = []
        self.messages: list[Message] = []

    def tell(self, finding: Finding, report_id: UUID | None = None) -> Outcome:
        """Raises the alert, or joins the one that stands for the situation."""
        known = self._alerts.get(alerts.identity(finding.situation))
        if known is None:
            self._raise(alerts.raised(finding, report_id, self._now))
        elif not finding.is_suppressed and known.is_suppressed:
            self._raise(alerts.unsuppressed(known, finding, self._now))
        elif not finding.is_suppressed:
            self._renew(known, finding)
        if finding.is_suppressed and (known is None or known.is_suppressed):
            return Outcome(OutcomeKind.SUPPRESSED, TOO_OLD)
        return Outcome(OutcomeKind.ALERTED, finding.reason)

    def lapse(self, hazard_id: UUID, reason: str, *, kind: Kind | None = None, area: str | None = None) -> Outcome:
        """The hazard's alerts, or those of one kind or area, are taken back; whoever was called hears it."""
        found = [
            alert
            for alert in self._alerts.values()
            if alert.hazard_id == hazard_id and kind in (None, alert.kind) and area in (None, alert.area)
        ]
        for alert in found:
            self._lapse(alert, reason)
        is_joined = any(not alert.is_suppressed for alert in found)
        return Outcome(OutcomeKind.ALERTED if is_joined else OutcomeKind.NOTED, reason)

    def take_back(self, situation: Situation, reason: str) -> None:
        if (alert := self._alerts.get(alerts.identity(situation))) is not None:
            self._lapse(alert, reason)

    def escalate(self, alert: Alert) -> None:
        """Nobody answered: the next step is told, and the clock starts again."""
        due = self._now + self._rules.escalation.wait(alert.severity)
        risen = alerts.changed(alert, self._now, level=alert.level + 1, escalates_at=due)
        called = at_level(self._receivers, risen, self._places)
        self._keep(self._notified(risen, Cause.ESCALATED, called), AlertEscalated)

    def windows(self, status: Status, area: str) -> list[Window]:
        """The dates whose displaced households an alert has counted already; one that was taken back counts none."""
        return [
            Window(date.fromisoformat(alert.figures["first"]), date.fromisoformat(alert.figures["last"]))
            for alert in self._alerts.values()
            if alert.kind is Kind.DISPLACEMENT and alert.status == status and alert.area == area and not alert.is_lapsed
        ]

    def _lapse(self, alert: Alert, reason: str) -> None:
        after = alerts.lapsed(alert, reason, self._now)
        if after is not alert:
            told = after if alert.resolved_at else self._notified(after, Cause.LAPSED, self._those_called(after))
            self._keep(told, AlertUpdated)

    def _raise(self, alert: Alert) -> None:
        if alert.is_suppressed:
            self._keep(alert, AlertSuppressed)
            return
        due = self._now + self._rules.escalation.wait(alert.severity)
        called = at_level(self._receivers, alert, self._places)
        self._keep(self._notified(replace(alert, escalates_at=due), Cause.RAISED, called), AlertRaised)

    def _renew(self, known: Alert, finding: Finding) -> None:
        after = alerts.renewed(known, finding, self._now)
        if after is known:
            return
        is_graver = known.is_lapsed or alerts.is_worse(after, known)
        called = self._called_by_renewal(known, after, is_graver=is_graver)
        if is_graver or called:
            after = alerts.reopened(after) if after.resolved_at else after
            cause = Cause.RETURNED if known.is_lapsed else Cause.UPDATED if is_graver else Cause.RAISED
            after = self._notified(self._hastened(after), cause, called)
        self._keep(after, AlertUpdated)

    def _called_by_renewal(self, known: Alert, after: Alert, *, is_graver: bool) -> Collection[Receiver]:
        """Graver: whoever was called, and whom it concerns. Else, where it moved, those whom its level did not call before."""
        concerned = up_to_level(self._receivers, after, self._places)
        if is_graver:
            return dict.fromkeys([*self._those_called(after), *concerned])
        if after.pcodes == known.pcodes:
            return ()
        before = up_to_level(self._receivers, known, self._places)
        return [receiver for receiver in concerned if receiver not in before]

    def _hastened(self, alert: Alert) -> Alert:
        """A worse alert waits no longer for its answer than one that began as bad."""
        if alert.is_answered:
            return alert
        due = self._now + self._rules.escalation.wait(alert.severity)
        return replace(alert, escalates_at=min(alert.escalates_at or due, due))

    def _those_called(self, alert: Alert) -> list[Receiver]:
        """Also those whom it concerns no more: the alert moved on, or is below their floor by now."""
        return [receiver for receiver in self._receivers if receiver.label in self._called[alert.alert_id]]

    def _notified(self, alert: Alert, cause: Cause, receivers: Iterable[Receiver]) -> Alert:
        """The alert's next notification begins. To whoever never heard of an alert it is a new one."""
        begun, called = replace(alert, step=alert.step + 1), self._called[alert.alert_id]
        contents: dict[Cause, str] = {}  # each written once, however many receive it
        for receiver in receivers:
            own = cause if receiver.label in called or cause is Cause.ESCALATED else Cause.RAISED
            if own not in contents:
                contents[own] = content_of(begun, own)
            self.deliveries.append(self._delivery(begun, receiver, own, contents[own]))
            called.add(receiver.label)
        return begun

    def _delivery(self, alert: Alert, receiver: Receiver, cause: Cause, content: str) -> Delivery:
        return Delivery(
            events.derived_id("delivery", alert.alert_id, alert.step, receiver.label, receiver.channel),
            alert.alert_id,
            alert.step,
            receiver.label,
            receiver.channel,
            cause,
            content,
            self._now,
        )

    def _keep(self, alert: Alert, event: type[AlertRaised]) -> None:
        self._alerts[alert.alert_id] = self.changed[alert.alert_id] = alert
        self.messages.append(alert.event(event))


EVENTS = {
    Cause.RAISED: AlertRaised,
    Cause.UPDATED: AlertUpdated,
    Cause.LAPSED: AlertUpdated,
    Cause.RETURNED: AlertUpdated,
    Cause.ESCALATED: AlertEscalated,
}


def content_of(alert: Alert, cause: Cause) -> str:
    """What a webhook's body is: type, timestamp and data, as Standard Webhooks asks."""
    event = EVENTS[cause]
    data = alert.event(event).value.decode()
    return f'{{"type":"{event.event_type}","timestamp":"{alert.changed_at.isoformat()}","data":{data}}}'

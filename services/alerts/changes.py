"""Computes how findings, escalations and people's actions change the alerts, within one transaction."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from uuid import UUID

from services.alerts import alerts, transitions
from services.alerts.acts import snoozes
from services.alerts.alerts import Alert
from services.alerts.causes import cause_of_escalation, cause_of_renewal, is_being_settled
from services.alerts.delivery.notices import Cause, event_of
from services.alerts.notifications import notifications, waiting_times
from services.alerts.notifications.stages import recipients
from services.alerts.planned_notifications import NOW, PlannedNotifications
from services.alerts.rules.findings import Finding, Nothing, RuleKind, Situation
from services.alerts.rules.windows import AlertedWindow, Window
from shared.events import AlertCommented, AlertEscalated, AlertRaised, AlertSuppressed, AlertUpdated, HazardReported
from shared.events.vocabulary import MsgType, OutcomeKind, Status
from shared.messaging.records import Outcome

UNSHOWN = frozenset({AlertCommented, AlertUpdated})  # Messages about an alert do not show these changes.


class AlertChanges(PlannedNotifications):
    """An alert that cannot be read stays stored, until a rule finds its situation anew.

    A new alert about that situation replaces the unreadable alert.
    """

    def rescope(self, hazard: HazardReported) -> None:
        """The scope decides who may read the alerts' events, so the scope is stored before other changes."""
        for alert in self._of_hazard(hazard.hazard_id):
            if alert.hazard_scope is not hazard.scope:
                event = AlertSuppressed if alert.is_suppressed else AlertUpdated
                self._keep(transitions.changed(alert, self._now, hazard_scope=hazard.scope), event)
                self.unannounced.add(alert.alert_id)

    def apply_to_hazard(self, hazard: HazardReported, finding: Finding | Nothing) -> Outcome:
        """If the hazard changed its status, such as from Exercise to Actual, the alerts with the old status lapse.

        Without a finding, the hazard's own alert lapses. If the hazard is cancelled, its exposure alerts lapse too.
        """
        self.rescope(hazard)
        if isinstance(finding, Nothing):
            kind = None if hazard.msg_type is MsgType.CANCEL else RuleKind.HAZARD
            return self.lapse(hazard.hazard_id, finding.reason, kind=kind)
        for alert in self._of_hazard(hazard.hazard_id):
            if alert.kind is RuleKind.HAZARD and alert.status != hazard.status:
                self._lapse(alert, alerts.STATUS_CHANGED)
        return self.apply(finding, hazard.report_id)

    def apply(self, finding: Finding, report_id: UUID | None = None) -> Outcome:
        id = transitions.identity(finding.situation)
        known = self._alerts.get(id)
        if known is None and id in self._unreadable:
            if not finding.is_suppressed:
                self._raise(transitions.raised_anew(self._unreadable[id], finding, report_id, self._now))
        elif known is None:
            self._raise(transitions.raised(finding, report_id, self._now))
        elif not finding.is_suppressed and known.is_suppressed:
            self._raise(transitions.unsuppressed(known, finding, self._now))
        elif not finding.is_suppressed:
            self._renew(known, finding)
        elif known.is_suppressed and known.reason != finding.suppression:
            self._keep(transitions.withheld(known, finding, self._now), AlertSuppressed)
        if finding.is_suppressed and (known is None or known.is_suppressed):
            return Outcome(OutcomeKind.SUPPRESSED, finding.suppression)
        return Outcome(OutcomeKind.ALERTED, finding.reason)

    def _raise(self, alert: Alert) -> None:
        if alert.is_suppressed:
            self._keep(alert, AlertSuppressed)
            return
        self._keep(self._notified(self._at_first_step(alert), Cause.RAISED, notifications.RAISED), AlertRaised)

    def _of_hazard(self, hazard_id: UUID) -> list[Alert]:
        return [self._alerts[id] for id in self._ids_by_hazard.get(hazard_id, ())]

    def _renew(self, known: Alert, finding: Finding) -> None:
        after = transitions.renewed(known, finding, self._now)
        if after is known:
            return
        cause = cause_of_renewal(known, after, self._places)
        is_graver = cause is not Cause.RAISED
        if not is_graver:
            self.unannounced.add(after.alert_id)
        if not is_graver and known.is_silenced and not self.is_muted(after):
            self._unsilence(after)
            return
        if is_graver or self._reaches_others(known, after):
            if known.resolved_at or (is_graver and not is_being_settled(known, after, self._places)):
                after = transitions.demanded_anew(after, self._now)
            stages = notifications.GRAVER if is_graver else notifications.MOVED
            after = self._notified(self._silenced_if_muted(self._hastened(after)), cause, stages, before=known)
            self.announced.add(after.alert_id)
        elif after.is_grave and not known.is_grave:
            # A snooze is shortened if a person must now judge the severity.
            woken = transitions.woken_by(after, self._now + snoozes.longest(after, ()))
            after = self._silenced_if_muted(self._hastened(woken))
        self._keep(after, AlertUpdated)

    def _reaches_others(self, known: Alert, after: Alert) -> bool:
        """Returns True also for a silenced alert, whose receivers are notified only at the end of the silence."""
        if after.pcodes == known.pcodes:
            return False
        moved = self._notification(after, before=known)
        return bool(recipients(moved, notifications.MOVED)[0])

    def is_alerted(self, situation: Situation) -> bool:
        alert = self._alerts.get(transitions.identity(situation))
        return alert is not None and not alert.is_suppressed

    def is_withheld(self, hazard_id: UUID, status: Status) -> bool:
        own = (alert for alert in self._of_hazard(hazard_id) if (alert.kind, alert.status) == (RuleKind.HAZARD, status))
        return any(alert.is_withheld for alert in own)

    def lapse(self, hazard_id: UUID, reason: str, *, kind: RuleKind | None = None, area: str | None = None) -> Outcome:
        """Informs the receivers who know the alerts."""
        of_hazard = self._of_hazard(hazard_id)
        touched = [alert for alert in of_hazard if kind in (None, alert.kind) and area in (None, alert.area)]
        for alert in touched:
            self._lapse(alert, reason)
        is_joined = any(not alert.is_suppressed for alert in touched)
        return Outcome(OutcomeKind.ALERTED if is_joined else OutcomeKind.NOTED, reason)

    def withdraw(self, situation: Situation, reason: str) -> None:
        if (alert := self._alerts.get(transitions.identity(situation))) is not None:
            self._lapse(alert, reason)

    def count_displaced(self, hazard_id: UUID, households: int) -> None:
        """Nobody is notified.

        `households` is the number of households that this hazard displaced and that now live in its area.
        """
        for alert in self._of_hazard(hazard_id):
            if alert.kind is RuleKind.HAZARD and not alert.is_suppressed and not alert.is_lapsed:
                figures = {**alert.figures, "displaced": households}
                after = transitions.changed(alert, self._now, figures=figures)
                if households != alert.figures.get("displaced", 0):
                    self.unannounced.add(alert.alert_id)
                    self._keep_or_unsilence(alert, after)

    def escalate(self, alert: Alert) -> None:
        """At the end of a silence, the current step is notified, not the next step.

        The current step is also notified if no receiver knows the alert. In a former release, a person's action could
        end the wait before the silence ended.
        """
        if self.is_muted(alert):
            muted = self._silenced_if_muted(transitions.changed(alert, self._now))
            self._keep(self._notified(muted, Cause.ESCALATED, notifications.ESCALATED), AlertUpdated)
            return
        is_unknown = alert.silenced_until is not None and not self._called[alert.alert_id]
        if alert.is_silenced or is_unknown:
            self._unsilence(transitions.changed(alert, self._now))
            return
        cause = cause_of_escalation(alert)
        is_acknowledged = cause is not Cause.ESCALATED
        next_level = self._at_next_level(alert)
        if not is_acknowledged and waiting_times.is_ended(self._notification(next_level, self._called[alert.alert_id])):
            ended = transitions.changed(alert, self._now, escalates_at=None)
            self._keep(self._notified(ended, cause, notifications.ENDED), AlertUpdated)
            return
        wait = self.wait(next_level, is_acknowledged=is_acknowledged)
        risen = transitions.resumed(transitions.changed(next_level, self._now), self._now, wait)
        if alert.duty_heads_at is None and notifications.heads_after_last_step(self._notification(risen)):
            risen = transitions.replaced(risen, duty_heads_at=self._now)
        returned = alert if is_acknowledged else None
        self._keep(self._notified(risen, cause, notifications.ESCALATED, before=returned), AlertEscalated)

    def mute(self, alert: Alert, labels: Collection[str]) -> None:
        """An alert whose unsent messages were withdrawn waits for the end of the silence.

        `labels` are the receivers whose messages were withdrawn. The receivers in `labels` are recorded as left out.
        """
        begun = self._silenced_if_muted(transitions.changed(alert, self._now, step=alert.step + 1))
        notification = self._notification(begun)
        omissions = notifications.muted(notification)
        self.omissions[begun.alert_id, begun.step] = {
            label: reason for label, reason in omissions.items() if label in labels
        }
        if notification.mute is not None:
            self.muted_by[begun.alert_id, begun.step] = notification.mute.muted_by
        self.sent_later.add((begun.alert_id, begun.step))
        self._keep(begun, AlertUpdated)

    def give_back(self, alert: Alert) -> Alert:
        """Notifies all duty heads, and everybody whom the alert has reached."""
        wait = self.wait(alert, is_acknowledged=alert.acknowledged_at is not None)
        after = self._silenced_if_muted(transitions.given_back(alert, self._now, wait))
        kept = self._notified(after, Cause.ABSENT, notifications.GIVEN_BACK)
        self._keep(kept, AlertEscalated)
        return kept

    def expire(self, alert: Alert, *, is_notified: bool) -> None:
        self._lapse(alert, alerts.EXPIRED, is_notified=is_notified)

    def act(
        self,
        after: Alert,
        event: type[AlertRaised],
        cause: Cause | None = None,
        *,
        due_in: timedelta = NOW,
        by_cause: Mapping[Cause, Collection[UUID]],
    ) -> Alert:
        """`cause` says why receivers who know the alert are notified again.

        For a cause in `by_cause`, only the accounts in `by_cause` are notified.
        """
        if cause is not None:
            after = self._notified(after, cause, notifications.INFORMED, due_in=due_in)
            self.announced.add(after.alert_id)
        elif event not in UNSHOWN:
            self.unannounced.add(after.alert_id)
        for own, accounts in by_cause.items():
            after = self._notified_only(after, own, accounts)
        self._keep(after, event)
        return after

    def windows(self, status: Status, area: str) -> list[Window]:
        return [window_of(alert) for alert in self._of_flights() if (alert.status, alert.area) == (status, area)]

    @property
    def alerted_windows(self) -> set[AlertedWindow]:
        """A suppressed alert notified nobody, so its window is missing."""
        return {
            AlertedWindow(alert.status, alert.area, window_of(alert))
            for alert in self._of_flights()
            if not alert.is_suppressed
        }

    def _of_flights(self) -> Iterator[Alert]:
        return (alert for alert in self._alerts.values() if alert.kind is RuleKind.DISPLACEMENT and not alert.is_lapsed)

    def _lapse(self, alert: Alert, reason: str, *, is_notified: bool = True) -> None:
        after = transitions.lapsed(alert, reason, self._now)
        if after is alert:
            return
        if alert.is_suppressed or alert.resolved_at is not None:
            self._keep(after, AlertSuppressed if alert.is_suppressed else AlertUpdated)
            return
        final = self._notified(after, Cause.LAPSED, notifications.INFORMED) if is_notified else after
        (self.announced if is_notified else self.unannounced).add(after.alert_id)
        self._keep(final, event_of(final, Cause.LAPSED))

    def _unsilence(self, alert: Alert) -> None:
        """Notifies the receivers of the reached step, and receivers of other steps who missed a change.

        While people act on the alert, receivers are notified only if one of them missed a change or does not know the
        alert.
        """
        wait = self.wait(alert, is_acknowledged=alert.acknowledged_at is not None)
        resumed = transitions.resumed(alert, self._now, wait)
        if transitions.is_acted_on(alert, self._now, wait):
            resumed = transitions.continued(alert, wait)
            if not self._has_unaware_receivers(resumed):
                self._keep(resumed, AlertUpdated)
                return
        cause = Cause.UNSILENCED if alert.inhibited_by is None else Cause.UNINHIBITED
        self._keep(self._notified(resumed, cause, notifications.ESCALATED), AlertEscalated)

    def _has_unaware_receivers(self, alert: Alert) -> bool:
        called, missed = self._called[alert.alert_id], self._missed.get(alert.alert_id, ())
        receivers, _ = notifications.notified(self._notification(alert, called), notifications.ESCALATED)
        return any(receiver.label in missed or receiver.label not in called for receiver in receivers)

    def _keep_or_unsilence(self, known: Alert, after: Alert) -> None:
        """If nothing mutes the alert any more, notifies the step that the alert has reached."""
        if known.is_silenced and not self.is_muted(after):
            self._unsilence(after)
        else:
            self._keep(after, AlertUpdated)


def window_of(alert: Alert) -> Window:
    return Window(date.fromisoformat(alert.figures["first"]), date.fromisoformat(alert.figures["last"]))

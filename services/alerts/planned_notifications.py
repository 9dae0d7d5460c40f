"""Plans the notifications of the alerts in a transaction, and collects the alerts' events."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.alerts import transitions
from services.alerts.alerts import Alert, UnreadableAlert
from services.alerts.delivery.notices import RISING, Cause, Notices, PlannedDelivery
from services.alerts.notifications import notifications, waiting_times
from services.alerts.notifications.mutes import Mute, Mutes
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Notification, Omissions, Stage
from services.alerts.ruleset import Ruleset
from shared.auth.tokens import Ancestry
from shared.events import AlertRaised, Message

NOW = timedelta()


class PlannedNotifications:
    """`called` maps an alert to the labels of the receivers that were notified so far.

    `missed` maps a muted alert to the labels of the receivers that were not notified of a change.
    """

    def __init__(
        self,
        known: Collection[Alert | UnreadableAlert],
        plan: NotificationPlan,
        called: Mapping[UUID, Collection[str]],
        *,
        places: Ancestry,
        rules: Ruleset,
        now: datetime,
        missed: Mapping[UUID, Collection[str]] | None = None,
    ) -> None:
        self._alerts = {alert.alert_id: alert for alert in known if isinstance(alert, Alert)}
        self._ids_by_hazard = defaultdict[UUID | None, dict[UUID, None]](dict)
        for alert in self._alerts.values():
            self._ids_by_hazard[alert.hazard_id][alert.alert_id] = None
        self._unreadable = {alert.alert_id: alert for alert in known if isinstance(alert, UnreadableAlert)}
        self._called = defaultdict[UUID, set[str]](set, {alert_id: set(labels) for alert_id, labels in called.items()})
        self._missed = missed or {}
        self._plan, self._places, self._rules, self._now = plan, places, rules, now
        self._on_duty, self._absent = plan.on_duty(now), plan.absent
        self._mutes = Mutes(now, plan.silences, plan.inhibitors, self._alerts)
        self.changed: dict[UUID, Alert] = {}
        self.deliveries: list[PlannedDelivery] = []
        self.omissions: dict[tuple[UUID, int], Omissions] = {}
        self.muted_by: dict[tuple[UUID, int], UUID] = {}
        # These notifications of a change were muted, and are sent when nothing mutes the alert any more.
        self.sent_later: set[tuple[UUID, int]] = set()
        # Receivers who know these alerts are not notified of the change.
        self.unannounced: set[UUID] = set()
        # Receivers who know these alerts are notified of the change.
        self.announced: set[UUID] = set()
        self.messages: list[Message] = []
        self._notices = Notices(now)

    def wait(self, alert: Alert, *, is_acknowledged: bool = False) -> timedelta:
        return waiting_times.wait(self._notification(alert), self._rules.escalation, is_acknowledged=is_acknowledged)

    def _at_first_step(self, alert: Alert) -> Alert:
        notification, delays = self._notification(alert), self._rules.escalation
        # Without a policy, an alert that has not escalated is always at the first step.
        steps = None if notification.policy is None else waiting_times.steps_of_alert(notification)
        due = self._now + waiting_times.wait(notification, delays, is_acknowledged=False, steps=steps)
        begun = transitions.replaced(
            alert,
            waits_since=self._now,
            escalates_at=due,
            # Nobody is notified of a muted alert, so nobody can acknowledge it within its first waiting time.
            first_due_at=due if notification.mute is None else None,
            reached_step=steps.id_at(0, alert.level) if steps else None,
        )
        return silenced(begun, notification.mute)

    def _at_next_level(self, alert: Alert) -> Alert:
        steps = waiting_times.steps_of_alert(self._notification(alert))
        return transitions.at_next_level(alert, steps.id_at(steps.level_of(alert) + 1, alert.level + 1))

    def is_muted(self, alert: Alert) -> bool:
        return self._mutes.mute_of(alert, self._places) is not None

    def _silenced_if_muted(self, alert: Alert) -> Alert:
        return silenced(alert, self._mutes.mute_of(alert, self._places))

    def _notified(
        self,
        alert: Alert,
        cause: Cause,
        stages: Sequence[Stage],
        *,
        before: Alert | None = None,
        due_in: timedelta = NOW,
    ) -> Alert:
        """The first message to a receiver says that the alert is new, unless the cause is in RISING."""
        begun, called = transitions.replaced(alert, step=alert.step + 1), self._called[alert.alert_id]
        notification = self._notification(begun, frozenset(called), before)
        receivers, reasons = notifications.notified(notification, stages)
        causes = [
            (receiver, cause if receiver.label in called or cause in RISING else Cause.RAISED) for receiver in receivers
        ]
        self.deliveries += self._notices.deliveries(begun, causes, due_in)
        called.update(receiver.label for receiver in receivers)
        if reasons:
            self.omissions[begun.alert_id, begun.step] = reasons
        if stages != notifications.INFORMED and notification.mute is not None:
            self.muted_by[begun.alert_id, begun.step] = notification.mute.muted_by
            if stages == notifications.GRAVER:
                self.sent_later.add((begun.alert_id, begun.step))
        return begun

    def _notification(self, alert: Alert, called: Collection[str] = (), before: Alert | None = None) -> Notification:
        return Notification(
            alert,
            self._plan.receivers,
            self._places,
            self._now,
            called=called,
            missed=frozenset(self._missed.get(alert.alert_id, ())) & frozenset(called),
            before=before,
            on_duty=self._on_duty,
            absent=self._absent,
            absent_heads=self._plan.absent_heads,
            policies=self._plan.policies,
            mute=self._mutes.mute_of(alert, self._places),
        )

    def _keep(self, alert: Alert, event: type[AlertRaised]) -> None:
        self._alerts[alert.alert_id] = self.changed[alert.alert_id] = alert
        self._ids_by_hazard[alert.hazard_id][alert.alert_id] = None
        self.messages.append(self._notices.event(alert, event))

    def _hastened(self, alert: Alert) -> Alert:
        """If the present waiting time ends before the new one, the present waiting time stays.

        Starts a new waiting time, whose length the severity decides. An acknowledged alert keeps its waiting time, if
        it already waits for an action. A wait for the end of a silence is always replaced.
        """
        if alert.resolved_at is not None or alert.progressed_at is not None:
            return alert
        is_acknowledged = alert.acknowledged_at is not None
        due = self._now + self.wait(alert, is_acknowledged=is_acknowledged)
        if alert.escalates_at is not None and not alert.is_silenced and (is_acknowledged or alert.escalates_at <= due):
            return alert
        return transitions.replaced(alert, waits_since=self._now, escalates_at=due)

    def _notified_only(self, alert: Alert, cause: Cause, accounts: Collection[UUID]) -> Alert:
        """Of the receivers' conditions, only the status counts, because the action concerns these people alone."""
        own = [
            receiver
            for receiver in self._plan.receivers
            if receiver.account_id in accounts and alert.status in receiver.statuses
        ]
        if not own:
            return alert
        begun = transitions.replaced(alert, step=alert.step + 1)
        self.deliveries += self._notices.deliveries(begun, [(receiver, cause) for receiver in own], NOW)
        self._called[alert.alert_id] |= {receiver.label for receiver in own}
        return begun


def silenced(alert: Alert, mute: Mute | None) -> Alert:
    return alert if mute is None else transitions.silenced(alert, mute.ends_at, mute.inhibited_by)

"""Computes how long an alert waits at its level, and whether its escalation policy has ended."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.alerts.alerts import Alert
from services.alerts.notifications import duty_heads
from services.alerts.notifications.stages import Notification, recipients
from services.alerts.notifications.stages.conditions import CONCERNED
from services.alerts.notifications.stages.steps import Steps, steps_of
from services.alerts.rules.rule import RuleModel
from shared.events.vocabulary import Severity

Minutes = Annotated[float, Field(gt=0, le=60 * 24 * 366)]


class EscalationDelays(RuleModel):
    """Sets how long an alert waits before it rings or escalates, by severity.

    An alert waits `minutes` for an acknowledgement. After an acknowledgement, the alert waits `idle_minutes` for the
    next action. If a person must judge the severity, the alert waits at most `unjudged_minutes` for an acknowledgement.
    While all boards are unattended, all these times are half as long.
    """

    minutes: Annotated[dict[Severity, Minutes], Field(min_length=1)]
    idle_minutes: Annotated[dict[Severity, Minutes], Field(min_length=1)] = Field(
        default_factory=lambda: {Severity.EXTREME: 5.0, Severity.UNKNOWN: 15.0}
    )
    unjudged_minutes: Minutes = 10
    unattended_minutes: Minutes = 30

    def wait(self, alert: Alert, *, is_acknowledged: bool = False) -> timedelta:
        by_severity = self.idle_minutes if is_acknowledged else self.minutes
        minutes = by_severity.get(alert.severity, max(by_severity.values()))
        if alert.is_unjudged and not is_acknowledged:
            minutes = min(minutes, self.unjudged_minutes)
        return timedelta(minutes=minutes)

    @property
    def unattended(self) -> timedelta:
        return timedelta(minutes=self.unattended_minutes)


def wait(
    notification: Notification, delays: EscalationDelays, *, is_acknowledged: bool, steps: Steps | None = None
) -> timedelta:
    """Policies and duty heads set only the wait for an acknowledgement.

    If a person must judge the severity, the alert never waits longer than the rules say. `steps` saves time if the
    caller already has the alert's steps.
    """
    usual = delays.wait(notification.alert, is_acknowledged=is_acknowledged)
    own = None if is_acknowledged else own_wait(notification, steps)
    if own is None:
        return usual
    return min(own, usual) if notification.alert.is_unjudged else own


def own_wait(notification: Notification, known_steps: Steps | None) -> timedelta | None:
    """Returns None if neither a policy nor the duty heads set the wait for an acknowledgement."""
    if notification.policy is None and not any(receiver.is_duty_head for receiver in notification.receivers):
        return None
    steps = known_steps or steps_of_alert(notification)
    if duty_heads.notified(notification.alert, notification.receivers, steps):
        return duty_heads.EVERY
    minutes = steps.minutes(steps.level_of(notification.alert))
    return None if minutes is None else timedelta(minutes=minutes)


def is_ended(notification: Notification) -> bool:
    """A policy ends only when the receivers of all steps know the alert.

    The level alone does not show whether all these receivers know the alert. If the account of a step's only person is
    disabled, for example, the alert has one step less. After a step is lost, the level of the alert may lie beyond a
    step that was never notified.
    """
    policy, alert = notification.policy, notification.alert
    if policy is None or not policy.ends or alert.is_grave:
        return False
    steps = steps_of_alert(notification)
    knowing = {*notification.called, *notification.absent}
    return steps.policy is policy and steps.is_over(steps.level_of(alert)) and knowing.issuperset(steps.labels)


def steps_of_alert(notification: Notification) -> Steps:
    return steps_of(notification, recipients(notification, CONCERNED)[0])

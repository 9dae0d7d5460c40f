"""Computes how long an alert waits at its level, and whether its escalation policy has ended."""

from datetime import timedelta

from services.alerts.notifications.stages import Notification, recipients
from services.alerts.notifications.stages.conditions import CONCERNED
from services.alerts.notifications.stages.steps import steps_of
from services.alerts.policies import duty_heads
from services.alerts.policies.steps import Steps
from services.alerts.ruleset import EscalationDelays


def wait(notification: Notification, delays: EscalationDelays, *, is_acknowledged: bool) -> timedelta:
    """How long the alert waits at its level for an acknowledgement or, after that, for a further action.

    Policies and duty heads change only the wait for an acknowledgement. If a person must judge the severity, the alert
    never waits longer than the rules say.
    """
    usual = delays.wait(notification.alert, is_acknowledged=is_acknowledged)
    own = None if is_acknowledged else own_wait(notification)
    if own is None:
        return usual
    return min(own, usual) if notification.alert.is_unjudged else own


def own_wait(notification: Notification) -> timedelta | None:
    """How long policies and duty heads let the alert wait for an acknowledgement; None if only the rules decide."""
    if notification.policy is None and not any(receiver.is_duty_head for receiver in notification.receivers):
        return None
    steps = steps_of_alert(notification)
    if duty_heads.notified(notification.alert, notification.receivers, steps):
        return duty_heads.EVERY
    minutes = steps.minutes(notification.alert.level)
    return None if minutes is None else timedelta(minutes=minutes)


def is_ended(notification: Notification) -> bool:
    """Whether the policy has ended, so that nobody is notified at the alert's level."""
    policy, alert = notification.policy, notification.alert
    if policy is None or not policy.ends or alert.is_grave:
        return False
    steps = steps_of_alert(notification)
    return steps.policy is policy and steps.is_over(alert.level)


def steps_of_alert(notification: Notification) -> Steps:
    """The steps of the receivers that the alert concerns."""
    return steps_of(notification, recipients(notification, CONCERNED)[0])

"""Leaves out receivers whose step the alert's level has not reached."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.policies.steps import Steps
from services.alerts.receivers.receivers import Receiver


def up_to_level(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose step the alert's level has not reached, and those to which a policy gives no step."""
    steps = steps_of(notification, receivers)
    reached = steps.reached(notification.alert.level)
    missing = {label: own for label, own in steps.of.items() if not own & reached}
    return {label: Omission.LATER_STEP if own else Omission.OTHER_POLICY for label, own in missing.items()}


def steps_of(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    """The steps of the receivers. If a policy names at least one of these receivers, the policy decides on the steps.

    A receiver of step 0 that the policy does not name is still notified first. If the policy names none of these
    receivers, the policy is ignored, because nobody would be notified.
    """
    policy = notification.policy
    named = (
        {receiver.label: policy.steps_of(receiver.label, notification.on_duty) for receiver in receivers}
        if policy
        else {}
    )
    if not any(named.values()):
        return Steps({receiver.label: frozenset({receiver.step}) for receiver in receivers})
    unnamed = {
        receiver.label: frozenset({0} if receiver.step == 0 else ())
        for receiver in receivers
        if not named[receiver.label]
    }
    return Steps(named | unnamed, policy)

"""The stages for the steps of the alert's escalation."""

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


def current_step(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps only the receivers of the step that is notified at the alert's level."""
    steps = steps_of(notification, receivers)
    current = steps.current(notification.alert.level)
    return {label: Omission.EARLIER_STEP for label, own in steps.of.items() if current not in own}


def earlier_step_called(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of earlier steps that were notified before.

    Keeps receivers of earlier steps that were not notified: for example, a silence has ended since then, the receiver's
    hours have begun, or the person has come on duty.
    """
    earlier = current_step(notification, receivers)
    return {label: omission for label, omission in earlier.items() if label in notification.called}


def after_end(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:  # noqa: ARG001 - as all stages
    """Leaves out everybody, because the policy has ended."""
    return {receiver.label: Omission.POLICY_ENDED for receiver in receivers}


def steps_of(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    """The steps of the receivers. If a policy names at least one of these receivers, the policy decides on the steps.

    A receiver of step 0 that the policy does not name is still notified first. If the policy names none of these
    receivers, or only people who have left, the policy is ignored, because nobody who can act would be notified. A step
    whose people have all left delays nobody.
    """
    return _planned_steps(notification, receivers).without_delay(notification.absent)


def _planned_steps(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    policy = notification.policy
    named = (
        {receiver.label: policy.steps_of(receiver.label, notification.on_duty) for receiver in receivers}
        if policy
        else {}
    )
    present = [receiver for receiver in receivers if receiver.label not in notification.absent] or receivers
    if not any(named.get(receiver.label) for receiver in present):
        return Steps({receiver.label: frozenset({receiver.step}) for receiver in receivers})
    unnamed = {
        receiver.label: frozenset({0} if receiver.step == 0 else ())
        for receiver in receivers
        if not named[receiver.label]
    }
    return Steps(named | unnamed, policy)

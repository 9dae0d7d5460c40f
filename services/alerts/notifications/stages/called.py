"""Stages that select by earlier notifications of the alert."""

from collections.abc import Sequence
from dataclasses import replace

from services.alerts.notifications.stages import Notification, Omission, Omissions, recipients
from services.alerts.notifications.stages.conditions import REACHED
from services.alerts.receivers.receivers import Receiver, ReceiverKind


def called_before(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps each receiver that knows the alert, even if the receiver's areas or lowest severity now exclude it."""
    labels = (receiver.label for receiver in receivers)
    return {label: Omission.NEVER_NOTIFIED for label in labels if label not in notification.called}


def called_or_reached(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    _, unreached = recipients(notification, REACHED)
    unknown = {receiver.label for receiver in receivers} - set(notification.called)
    return {label: omission for label, omission in unreached.items() if label in unknown}


def newly_concerned(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose conditions already included the alert before the change.

    A receiver whose conditions included the alert earlier, and that was never notified, was usually added later.

    Keeps a receiver with hours or a roster that was never notified, because the alert may have been raised outside the
    hours or while the person was off duty. The steps depend on all receivers, so the stages run on all receivers of the
    notification.
    """
    assert notification.before is not None
    reached, _ = recipients(replace(notification, alert=notification.before), REACHED)
    called = notification.called
    labels = [
        receiver.label
        for receiver in receivers
        if receiver in reached and (receiver.label in called or not is_at_times(receiver))
    ]
    return {label: Omission.CONCERNED_BEFORE if label in called else Omission.ADDED_LATER for label in labels}


def is_at_times(receiver: Receiver) -> bool:
    return bool(receiver.hours) or (receiver.kind is ReceiverKind.PERSON and receiver.roster is not None)

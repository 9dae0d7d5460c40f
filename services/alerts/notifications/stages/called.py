"""The stages that depend on who was notified of the alert before."""

from collections.abc import Sequence
from dataclasses import replace

from services.alerts.notifications.stages import Notification, Omission, Omissions, recipients
from services.alerts.notifications.stages.conditions import REACHED
from services.alerts.receivers.receivers import Receiver, ReceiverKind


def called_before(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """A receiver that knows the alert is kept, even if its areas or its lowest severity now exclude the alert."""
    labels = (receiver.label for receiver in receivers)
    return {label: Omission.NEVER_NOTIFIED for label in labels if label not in notification.called}


def called_or_reached(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    _, unreached = recipients(notification, REACHED)
    unknown = {receiver.label for receiver in receivers} - set(notification.called)
    return {label: omission for label, omission in unreached.items() if label in unknown}


def newly_concerned(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """A receiver that the alert already concerned, but that was never notified, was usually added later.

    A receiver with hours or a roster is kept, because the alert may have been raised outside the hours or while the
    person was off duty. The steps are computed from all receivers of the notification, because a missing receiver
    would change the steps.
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

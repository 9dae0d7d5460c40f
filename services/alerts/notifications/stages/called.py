"""The stages that depend on who was notified of the alert before."""

from collections.abc import Sequence
from dataclasses import replace

from services.alerts.notifications.stages import Notification, Omission, Omissions, recipients
from services.alerts.notifications.stages.conditions import REACHED
from services.alerts.receivers.receivers import Receiver, ReceiverKind


def called_before(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers that were never notified of the alert.

    A receiver that was notified before is always kept: for example, the alert may have moved out of the receiver's
    area, or may now be below the receiver's lowest severity.
    """
    labels = (receiver.label for receiver in receivers)
    return {label: Omission.NEVER_NOTIFIED for label in labels if label not in notification.called}


def called_or_reached(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps receivers that were notified of the alert before.

    Also keeps receivers that would be notified if the alert were raised now.
    """
    _, unreached = recipients(notification, REACHED)
    unknown = {receiver.label for receiver in receivers} - set(notification.called)
    return {label: omission for label, omission in unreached.items() if label in unknown}


def newly_concerned(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers that the alert already concerned before the change.

    A receiver may never have been notified although the alert already concerned it. A receiver that missed the raise in
    this way was usually added later, and is left out. However, a receiver with hours or a roster is kept, because the
    alert may have been raised outside the hours or while the person was off duty. The steps are computed from all
    receivers of the notification, and not only from `receivers`, because a missing receiver would change the steps.
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
    """Whether the receiver is notified only at some times."""
    return bool(receiver.hours) or (receiver.kind is ReceiverKind.PERSON and receiver.roster is not None)

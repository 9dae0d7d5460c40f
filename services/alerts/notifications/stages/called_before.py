"""Leaves out receivers that were never notified of the alert."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def called_before(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers that were never notified of the alert.

    A receiver that was notified before is kept, even if the alert moved out of the receiver's area or is now below the
    receiver's lowest severity.
    """
    labels = (receiver.label for receiver in receivers)
    return {label: Omission.NEVER_NOTIFIED for label in labels if label not in notification.called}

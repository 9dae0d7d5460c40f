"""Leaves out receivers that neither know the alert nor would be notified if it were raised now."""

from collections.abc import Sequence

from services.alerts.notifications.conditions import REACHED
from services.alerts.notifications.stages import Notification, Omissions, recipients
from services.alerts.receivers.receivers import Receiver


def called_or_reached(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps the receivers that were notified of the alert before, or would be notified if the alert were raised now."""
    _, unreached = recipients(notification, REACHED)
    unknown = {receiver.label for receiver in receivers} - set(notification.called)
    return {label: omission for label, omission in unreached.items() if label in unknown}

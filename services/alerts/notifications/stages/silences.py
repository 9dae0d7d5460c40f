"""Leaves out everybody while a silence mutes the alert."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def silenced(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    if notification.silence is None:
        return {}
    return {receiver.label: Omission.SILENCED for receiver in receivers}

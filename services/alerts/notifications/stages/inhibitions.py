"""Leaves out everybody while an Extreme alert mutes the alert."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def inhibited(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    if notification.inhibitor is None:
        return {}
    return {receiver.label: Omission.INHIBITED for receiver in receivers}

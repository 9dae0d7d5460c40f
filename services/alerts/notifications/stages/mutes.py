"""The stages that leave out everybody while something mutes the alert: a silence, or an Extreme alert."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def silenced(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    if notification.silence is None:
        return {}
    return {receiver.label: Omission.SILENCED for receiver in receivers}


def inhibited(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    if notification.inhibitor is None:
        return {}
    return {receiver.label: Omission.INHIBITED for receiver in receivers}

"""Leaves out receivers that get no alerts of this status, for example no exercises."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def of_status(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    status = notification.alert.status
    return {receiver.label: Omission.OTHER_STATUS for receiver in receivers if status not in receiver.statuses}

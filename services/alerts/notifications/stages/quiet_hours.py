"""Leaves out receivers outside their hours."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers import hours
from services.alerts.receivers.receivers import Receiver


def in_hours(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers outside their hours, unless this leaves out everybody.

    Hours have no effect on alerts of Severe, Extreme or Unknown severity, nor on alerts whose severity a person must
    judge. They also have no effect on alerts to a person on duty.
    """
    if notification.alert.is_grave:
        return {}
    closed = [receiver.label for receiver in receivers if is_closed(receiver, notification)]
    return {} if len(closed) == len(receivers) else dict.fromkeys(closed, Omission.OTHER_HOURS)


def is_closed(receiver: Receiver, notification: Notification) -> bool:
    """Whether the notification is outside the receiver's hours. The hours of a person on duty have no effect."""
    is_on_duty = any(receiver.label in people for people in notification.on_duty.values())
    return bool(receiver.hours) and not is_on_duty and not hours.are_open(receiver.hours, notification.now)


def outside_hours(notification: Notification, notified: Sequence[Receiver]) -> Omissions:
    """The receivers that are now notified for the first time although it is outside their hours.

    Nobody else would be notified.
    """
    if notification.alert.is_grave:
        return {}
    new = (receiver for receiver in notified if receiver.label not in notification.called)
    return {receiver.label: Omission.NOBODY_ELSE for receiver in new if is_closed(receiver, notification)}

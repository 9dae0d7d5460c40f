"""Leaves out receivers whose areas the alert does not concern."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def of_area(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose areas the alert does not concern. An alert without a place concerns every area."""
    pcodes, places = notification.alert.pcodes, notification.places
    others = (receiver for receiver in receivers if pcodes and receiver.areas)
    return {
        receiver.label: Omission.OTHER_AREA
        for receiver in others
        if not any(receiver.covers(pcode, places) for pcode in pcodes)
    }

"""Leaves out receivers of other types of hazards."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def of_hazard(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of other types of hazards.

    An alert without a hazard's type, such as one about displacement, concerns all receivers.
    """
    hazard = notification.alert.hazard_type
    others = (receiver for receiver in receivers if hazard is not None and receiver.hazards)
    return {receiver.label: Omission.OTHER_HAZARD for receiver in others if hazard not in receiver.hazards}

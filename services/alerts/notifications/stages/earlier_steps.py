"""Leaves out receivers of earlier steps that know the alert already."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omissions
from services.alerts.notifications.stages.current_steps import current_step
from services.alerts.receivers.receivers import Receiver


def earlier_step_called(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of earlier steps that were notified before.

    Keeps receivers of earlier steps that were not notified: for example, a silence has ended since then, the receiver's
    hours have begun, or the person has come on duty.
    """
    earlier = current_step(notification, receivers)
    return {label: omission for label, omission in earlier.items() if label in notification.called}

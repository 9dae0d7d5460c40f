"""Leaves out receivers of other steps than the one that is notified at the alert's level."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.notifications.stages.levels import steps_of
from services.alerts.receivers.receivers import Receiver


def current_step(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps only the receivers of the step that is notified at the alert's level."""
    steps = steps_of(notification, receivers)
    current = steps.current(notification.alert.level)
    return {label: Omission.EARLIER_STEP for label, own in steps.of.items() if current not in own}

"""Leaves out everybody after the end of the escalation policy."""

from collections.abc import Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver


def after_end(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:  # noqa: ARG001 - as all stages
    """Leaves out everybody, because the policy has ended."""
    return {receiver.label: Omission.POLICY_ENDED for receiver in receivers}

"""Leaves out receivers that get only more severe alerts."""

from collections.abc import Sequence

from services.alerts.alerts import Alert
from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.findings import RANK
from shared.events.vocabulary import Severity


def of_severity(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    rank = rank_of(notification.alert)
    return {receiver.label: Omission.BELOW_FLOOR for receiver in receivers if rank < RANK[receiver.floor]}


def rank_of(alert: Alert) -> int:
    """The rank of the alert's severity.

    Unknown counts as Severe, so that an alert is sent before a person has judged the severity.
    """
    return RANK[Severity.SEVERE if alert.severity is Severity.UNKNOWN else alert.severity]

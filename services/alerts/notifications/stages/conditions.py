"""The stages for the conditions of receivers, in order."""

from collections.abc import Sequence

from services.alerts.alerts import Alert
from services.alerts.notifications.stages import Notification, Omission, Omissions, Stage
from services.alerts.notifications.stages.duty import on_duty
from services.alerts.notifications.stages.quiet_hours import in_hours
from services.alerts.notifications.stages.steps import up_to_level
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.findings import RANK
from shared.events.vocabulary import Severity


def of_status(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    status = notification.alert.status
    return {receiver.label: Omission.OTHER_STATUS for receiver in receivers if status not in receiver.statuses}


def of_severity(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    rank = rank_of(notification.alert)
    return {receiver.label: Omission.BELOW_FLOOR for receiver in receivers if rank < RANK[receiver.floor]}


def rank_of(alert: Alert) -> int:
    """The rank of the alert's severity.

    Unknown counts as Severe, so that an alert is sent before a person has judged the severity.
    """
    return RANK[Severity.SEVERE if alert.severity is Severity.UNKNOWN else alert.severity]


def of_area(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose areas the alert does not concern. An alert without a place concerns every area."""
    pcodes, places = notification.alert.pcodes, notification.places
    others = (receiver for receiver in receivers if pcodes and receiver.areas)
    return {
        receiver.label: Omission.OTHER_AREA
        for receiver in others
        if not any(receiver.covers(pcode, places) for pcode in pcodes)
    }


def of_hazard(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of other types of hazards.

    An alert without a hazard's type, such as one about displacement, concerns all receivers.
    """
    hazard = notification.alert.hazard_type
    others = (receiver for receiver in receivers if hazard is not None and receiver.hazards)
    return {receiver.label: Omission.OTHER_HAZARD for receiver in others if hazard not in receiver.hazards}


CONCERNED: tuple[Stage, ...] = (of_status, of_severity, of_area, of_hazard, on_duty, in_hours)
REACHED: tuple[Stage, ...] = (*CONCERNED, up_to_level)

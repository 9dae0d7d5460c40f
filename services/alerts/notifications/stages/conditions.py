"""Stages that select by the receivers' conditions, in their order."""

from collections.abc import Collection, Mapping, Sequence

from services.alerts.alerts import Alert
from services.alerts.notifications.stages import Notification, Omission, Omissions, Stage
from services.alerts.notifications.stages.steps import up_to_level
from services.alerts.receivers import hours
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rules.findings import RANK
from shared.events.vocabulary import Severity


def of_status(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    status = notification.alert.status
    return {receiver.label: Omission.OTHER_STATUS for receiver in receivers if status not in receiver.statuses}


def of_severity(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    rank = rank_of(notification.alert)
    return {receiver.label: Omission.BELOW_FLOOR for receiver in receivers if rank < RANK[receiver.floor]}


def rank_of(alert: Alert) -> int:
    """Unknown counts as Severe, so that the alert is sent before a person judges the severity."""
    return RANK[Severity.SEVERE if alert.severity is Severity.UNKNOWN else alert.severity]


def of_area(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """An alert without a place matches every area."""
    pcodes, places = notification.alert.pcodes, notification.places
    others = (receiver for receiver in receivers if pcodes and receiver.areas)
    return {
        receiver.label: Omission.OTHER_AREA
        for receiver in others
        if not any(receiver.covers(pcode, places) for pcode in pcodes)
    }


def of_hazard(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """An alert without a hazard type, such as an alert about displacement, matches every receiver."""
    hazard = notification.alert.hazard_type
    others = (receiver for receiver in receivers if hazard is not None and receiver.hazards)
    return {receiver.label: Omission.OTHER_HAZARD for receiver in others if hazard not in receiver.hazards}


def on_duty(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """If everybody would be left out, everybody is kept.

    Leaves out people who are off duty. If nobody is on duty, or if the person on duty does not get the alert, the
    roster's other people are kept.
    """
    reached = {receiver.label for receiver in receivers} | on_duty_with_posts(notification, receivers)
    off_duty = [receiver.label for receiver in receivers if is_off_duty(receiver, notification.on_duty, reached)]
    return {} if len(off_duty) == len(receivers) else dict.fromkeys(off_duty, Omission.OFF_DUTY)


def is_off_duty(receiver: Receiver, on_duty: Mapping[str, Collection[str]], reached: Collection[str]) -> bool:
    if receiver.kind is not ReceiverKind.PERSON or receiver.roster is None:
        return False
    people = on_duty.get(receiver.roster, (receiver.label,))
    return receiver.label not in people and any(person in reached for person in people)


def on_duty_with_posts(notification: Notification, receivers: Sequence[Receiver]) -> set[str]:
    posts = [receiver for receiver in receivers if receiver.kind is ReceiverKind.POST]
    people = {person for post in posts for person in notification.on_duty.get(post.roster or "", ())}
    gets_status = (receiver for receiver in notification.receivers if notification.alert.status in receiver.statuses)
    return people & {receiver.label for receiver in gets_status}


def in_hours(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """If everybody would be left out, everybody is kept.

    Hours do not count if the alert is grave, if its severity must be judged, or if the receiver is on duty.
    """
    closed = outside_hours(notification, receivers)
    return {} if len(closed) == len(receivers) else dict.fromkeys(closed, Omission.OTHER_HOURS)


def outside_hours(notification: Notification, receivers: Sequence[Receiver]) -> list[str]:
    """Returns the labels of the receivers whose hours exclude the alert."""
    if notification.alert.is_grave:
        return []
    return [receiver.label for receiver in receivers if is_closed(receiver, notification)]


def is_closed(receiver: Receiver, notification: Notification) -> bool:
    """The hours of a person on duty never exclude that person."""
    is_on_duty = any(receiver.label in people for people in notification.on_duty.values())
    return bool(receiver.hours) and not is_on_duty and not hours.are_open(receiver.hours, notification.now)


CONCERNED: tuple[Stage, ...] = (of_status, of_severity, of_area, of_hazard, on_duty, in_hours)
REACHED: tuple[Stage, ...] = (*CONCERNED, up_to_level)

"""The people to whom an alert can be assigned."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.views import Assignee
from shared.auth.tokens import Ancestry


def offered(
    alert: Alert, plan: NotificationPlan, places: Ancestry, now: datetime, *, besides: UUID | None
) -> list[Assignee]:
    """The people whom a page offers as assignees: first those on duty, then the others by name.

    The account `besides` is left out.
    """
    on_duty = {label for people in plan.on_duty(now).values() for label in people}
    people = [each for each in assignees(alert, plan.receivers, places) if each.account_id != besides]
    shown = {
        each.account_id: Assignee(
            account_id=each.account_id, name=each.label, post=each.post, is_on_duty=each.label in on_duty
        )
        for each in people
        if each.account_id is not None
    }
    return sorted(shown.values(), key=lambda assignee: (not assignee.is_on_duty, assignee.name.casefold()))


def named(people: Sequence[Assignee], typed: str) -> list[Assignee]:
    """The people whose name is the typed text. If there are none, those whose name has a word that begins with it."""
    wanted = typed.strip(" .,;").casefold()
    exact = [each for each in people if each.name.casefold() == wanted]
    return exact or [each for each in people if f" {each.name.casefold()}".find(f" {wanted}") >= 0]


def assignees(alert: Alert, receivers: Sequence[Receiver], places: Ancestry) -> list[Receiver]:
    """The receivers who are people with an account and who get alerts with this status and at these places.

    The other conditions of a receiver, such as its hours, do not matter, because a person chooses the assignee.
    """
    return [
        receiver
        for receiver in receivers
        if receiver.kind is ReceiverKind.PERSON
        and receiver.account_id is not None
        and alert.status in receiver.statuses
        and concerns(alert, receiver, places)
    ]


def concerns(alert: Alert, receiver: Receiver, places: Ancestry) -> bool:
    """Whether the alert is in the receiver's areas. An alert without a place concerns every area."""
    return not alert.pcodes or not receiver.areas or any(receiver.covers(pcode, places) for pcode in alert.pcodes)

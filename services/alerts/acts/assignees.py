"""The people to whom an alert can be assigned."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.views import Assignee
from shared.auth.tokens import Ancestry
from shared.events import CredentialKind


class Access(Protocol):
    @property
    def is_known(self) -> bool: ...

    def is_disabled(self, account: UUID) -> bool: ...

    def ends(self, names: Sequence[tuple[CredentialKind, UUID]], began_at: int) -> bool: ...


def in_order(
    alert: Alert, plan: NotificationPlan, places: Ancestry, access: Access, now: datetime, *, besides: UUID | None
) -> list[Assignee]:
    """The people on duty come first, then the others by name. The account `besides` is left out."""
    on_duty = {label for people in plan.on_duty(now).values() for label in people}
    people = [person for person in assignees(alert, plan, places, access) if person.account_id != besides]
    shown = {
        person.account_id: Assignee(
            account_id=person.account_id, name=person.label, post=person.post, is_on_duty=person.label in on_duty
        )
        for person in people
        if person.account_id is not None
    }
    return sorted(shown.values(), key=lambda assignee: (not assignee.is_on_duty, assignee.name.casefold()))


def named(people: Sequence[Assignee], typed: str) -> list[Assignee]:
    """A person matches if `typed` equals the name.

    If nobody matches, `typed` may also be the beginning of a word of the name.
    """
    wanted = typed.strip(" .,;").casefold()
    exact = [person for person in people if person.name.casefold() == wanted]
    return exact or [person for person in people if f" {person.name.casefold()}".find(f" {wanted}") >= 0]


def assignees(alert: Alert, plan: NotificationPlan, places: Ancestry, access: Access) -> list[Receiver]:
    """A person chooses the assignee, so the receiver's hours and similar conditions do not matter."""
    return [
        receiver
        for receiver in able(plan, access)
        if alert.status in receiver.statuses and concerns(alert, receiver, places)
    ]


def able(plan: NotificationPlan, access: Access) -> list[Receiver]:
    """A receiver with a roster counts only while the roster has this person."""
    of_rosters = plan.people_of_rosters
    return [
        receiver
        for receiver in plan.receivers
        if receiver.kind is ReceiverKind.PERSON
        and receiver.account_id is not None
        and not access.is_disabled(receiver.account_id)
        and (receiver.roster not in of_rosters or receiver.label in of_rosters[receiver.roster])
    ]


def absent(alert: Alert, plan: NotificationPlan, access: Access) -> list[str]:
    """Return the names of people who cannot act any more, because their accounts are disabled.

    An assignee who left the receivers or the roster cannot act either.
    """
    accounts = {receiver.account_id for receiver in able(plan, access)}
    is_worker_absent = alert.progressed_by is not None and access.is_disabled(alert.progressed_by)
    is_assignee_absent = alert.assigned_to is not None and alert.assigned_to not in accounts
    names = (is_worker_absent and alert.progressed_name, is_assignee_absent and alert.assigned_name)
    return [name for name in names if name]


def concerns(alert: Alert, receiver: Receiver, places: Ancestry) -> bool:
    """An alert without a place concerns every area."""
    return not alert.pcodes or not receiver.areas or any(receiver.covers(pcode, places) for pcode in alert.pcodes)

"""Finds the receivers that a caller may change, which get alerts only of the caller's areas."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Contact, Receiver, in_order
from services.alerts.receivers.trials import receiver_id
from shared.auth.tokens import Principal, Role
from shared.pages.typed_forms import version_of
from shared.places import Places
from shared.web.problems import Problem

CONTACT_FIELDS = ("channel", "address", "wait_seconds")


@dataclass(frozen=True, slots=True)
class Subscription:
    receiver: Receiver
    further: Sequence[Contact]

    @property
    def id(self) -> UUID:
        return receiver_id(self.receiver.label)

    @property
    def channels(self) -> list[str]:
        return [contact.channel for contact in (self.receiver.first_contact, *self.further)]

    def changed(self, receiver: Receiver, further: Sequence[Contact]) -> list[str]:
        names = [field for field in receiver_queries.RECEIVER_COLUMNS if field not in CONTACT_FIELDS]
        changed = [name for name in names if getattr(receiver, name) != getattr(self.receiver, name)]
        contacts, before = in_order([receiver.first_contact, *further]), [self.receiver.first_contact, *self.further]
        return changed if contacts == before else [*changed, "contacts"]

    @property
    def version(self) -> str:
        receiver = self.receiver
        fields = (receiver.label, sorted(receiver.statuses), receiver.first_contact, *self.further)
        rest = [getattr(receiver, name) for name in receiver_queries.RECEIVER_COLUMNS if name != "statuses"]
        return version_of((fields, rest))


async def subscriptions_of(session: AsyncSession, caller: Principal, places: Places) -> list[Subscription]:
    further = await contact_queries.further(session)
    known = await receiver_queries.receivers(session)
    return [
        Subscription(receiver, further.get(receiver.label, ()))
        for receiver in known
        if manages(caller, receiver, places)
    ]


async def subscription_of(session: AsyncSession, id: UUID, caller: Principal, places: Places) -> Subscription:
    """Raises a Problem (404) if the receiver does not exist, or gets alerts outside the caller's areas."""
    for known in await subscriptions_of(session, caller, places):
        if known.id == id:
            return known
    raise Problem(404, "not-found", "There is no such recipient.")


def manages(caller: Principal, receiver: Receiver, places: Places) -> bool:
    """A duty head, and a receiver without areas, gets alerts of the whole country."""
    is_limited = bool(receiver.areas) and not receiver.is_duty_head
    return caller.covers_country or (is_limited and all(caller.covers(area, places) for area in receiver.areas))


def may_be_internal(caller: Principal, known: Subscription | None) -> bool:
    """An internal receiver also gets texts that are not Public."""
    return Role.ADMINISTRATOR in caller.roles or (known is not None and known.receiver.is_internal)

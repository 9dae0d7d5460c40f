"""The receivers of alerts are people, posts and systems. Each receiver has conditions under which it is notified."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import Field

from shared.auth.tokens import Ancestry
from shared.country import COUNTRY
from shared.events.vocabulary import DeliveryChannel, HazardType, Severity, Status

USUAL_WAIT_SECONDS = 300

T = TypeVar("T")
# An unknown text, which a later release of Dayar stored, must not stop alerts, and must not exclude a receiver.
Stored = Annotated[T | str, Field(union_mode="left_to_right")]


class ReceiverKind(StrEnum):
    """A post is a place of work, such as a duty desk: all who work there read its messages.

    A system passes alerts on.
    """

    PERSON = "person"
    POST = "post"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a receiver. A message to a contact of an unknown channel fails.

    If this contact does not succeed within `wait_seconds`, the next contact is notified. A contact succeeds if the
    message is delivered and, if the receiver must answer the alert, somebody answers it. A person must answer every
    alert, a post only grave alerts. The last contact has no `wait_seconds`.
    """

    channel: Stored[DeliveryChannel]
    address: str
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receivers with `step` 0 are notified first. If nobody answers, receivers with higher steps are notified.

    All conditions (`statuses`, `floor`, `areas`, `hazards`, `hours`) must hold. Empty `areas`, `hazards` and
    `hours` match everything. Only an internal receiver also gets the texts of hazards that are not Public. `post` is
    the job title of a person, and `account_id` is the person's account in the console. `channel`, `address` and
    `wait_seconds` are the first contact.

    With a post, the person on duty in the roster is notified too. A person with a roster is notified only while on
    duty in the roster. Every receiver with `is_duty_head` is notified if nobody acknowledges a Severe or Extreme
    alert at its last step.
    """

    label: str
    channel: Stored[DeliveryChannel]
    address: str
    language: str = "ky"
    statuses: frozenset[Status] = frozenset({Status.ACTUAL})
    step: int = 0
    areas: tuple[str, ...] = ()
    floor: Severity = Severity.MINOR
    is_internal: bool = False
    kind: Stored[ReceiverKind] = ReceiverKind.POST
    organisation: str | None = None
    post: str | None = None
    account_id: UUID | None = None
    hazards: tuple[Stored[HazardType], ...] = ()
    hours: tuple[str, ...] = ()
    wait_seconds: int | None = None
    roster: str | None = None
    is_duty_head: bool = False

    @property
    def first_contact(self) -> Contact:
        return Contact(self.channel, self.address, self.wait_seconds)

    def at(self, contact: Contact) -> "Receiver":
        return replace(self, channel=contact.channel, address=contact.address, wait_seconds=contact.wait_seconds)

    def covers(self, pcode: str, places: Ancestry) -> bool:
        return covers(self.areas, pcode, places)


def is_absent(receiver: Receiver, disabled_accounts: Collection[UUID]) -> bool:
    """A person whose account is disabled has usually left.

    A post or a system stays even if its account is disabled, because other people still read its messages.
    """
    return receiver.kind is ReceiverKind.PERSON and receiver.account_id in disabled_accounts


def covers(areas: Collection[str], pcode: str, places: Ancestry) -> bool:
    """An area covers the places in it, and the places that contain it."""
    above = (COUNTRY, pcode, *places.ancestors(pcode))
    return any(area in above or pcode in places.ancestors(area) for area in areas)


def in_order(contacts: Sequence[Contact]) -> list[Contact]:
    """Each contact except the last gets a waiting time."""
    waiting = [replace(contact, wait_seconds=contact.wait_seconds or USUAL_WAIT_SECONDS) for contact in contacts[:-1]]
    return [*waiting, *(replace(contact, wait_seconds=None) for contact in contacts[-1:])]

"""A receiver of alerts is a person, a post or a system. The conditions of a receiver say which alerts it gets."""

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
# An unknown value, which a later release of Dayar stored, must neither stop alerts nor exclude a receiver.
Stored = Annotated[T | str, Field(union_mode="left_to_right")]


class ReceiverKind(StrEnum):
    """A post is a workplace, such as a duty desk, and everybody who works there reads its messages.

    A system is a program that passes alerts on.
    """

    PERSON = "person"
    POST = "post"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact is one way to reach a receiver. A message fails if this release does not know the contact's channel.

    After `wait_seconds` without success, the next contact is notified. A contact succeeds if its message is delivered
    and, where an answer is needed, somebody answers the alert. A person must answer every alert. A post must answer
    only grave alerts. `wait_seconds` of the last contact is None.
    """

    channel: Stored[DeliveryChannel]
    address: str
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receivers of `step` 0 are the first to be notified. If nobody answers, receivers of the next step are notified.

    A receiver gets an alert if all its conditions match: the conditions are `statuses`, `floor`, `areas`, `hazards` and
    `hours`. If `areas`, `hazards` or `hours` is empty, it matches every alert. Texts of hazards that are not Public go
    only to internal receivers. `post` is a person's job title. `account_id` is the person's account in the console.
    `channel`, `address` and `wait_seconds` belong to the first contact.

    A post's message also goes to the person on duty in the post's roster. A person who has a roster is notified only
    while on duty. `is_duty_head` receivers are notified if nobody acknowledges a Severe or Extreme alert at the last
    step.
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
    """If a person's account is disabled, the person has usually left.

    Posts and systems stay, even if their accounts are disabled, because other people read their messages.
    """
    return receiver.kind is ReceiverKind.PERSON and receiver.account_id in disabled_accounts


def covers(areas: Collection[str], pcode: str, places: Ancestry) -> bool:
    """An area covers all places inside it, and also the larger units around it."""
    above = (COUNTRY, pcode, *places.ancestors(pcode))
    return any(area in above or pcode in places.ancestors(area) for area in areas)


def in_order(contacts: Sequence[Contact]) -> list[Contact]:
    """Gives each contact except the last a waiting time."""
    waiting = [replace(contact, wait_seconds=contact.wait_seconds or USUAL_WAIT_SECONDS) for contact in contacts[:-1]]
    return [*waiting, *(replace(contact, wait_seconds=None) for contact in contacts[-1:])]

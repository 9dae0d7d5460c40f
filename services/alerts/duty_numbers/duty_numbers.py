"""The duty numbers say which posts of which services are called in a unit or a locality.

A duty number may be a person's own telephone, so the post, its telephones and the note are stored encrypted.
"""

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from uuid import UUID

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from services.alerts.receivers.secrets import WebhookSecrets
from shared.country import COUNTRY

LONGEST_TELEPHONE = 40  # a telephone may have at most this many characters as a person types it
SHORT_NUMBER = re.compile(r"[1-9]\d{2,3}")  # numbers like 101 and 112 are called without a code
EXTENSION = ";ext="


class DutyService(StrEnum):
    """The services that people call: checklists name services, and each duty number belongs to a service."""

    RESCUE = "rescue"
    AYIL_OKMOTU = "ayil_okmotu"
    RAYON = "rayon"
    OBLAST = "oblast"
    FIRE = "fire"
    POLICE = "police"
    AMBULANCE = "ambulance"
    HOSPITAL = "hospital"
    SANITARY = "sanitary"
    VETERINARY = "veterinary"
    POWER = "power"
    ROADS = "roads"
    WATER = "water"
    HYDROMET = "hydromet"
    EDUCATION = "education"
    SOCIAL = "social"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DutyContact:
    """The part of a duty number that is encrypted. Telephones are in the format E.164, or short numbers like 112."""

    post: str
    telephones: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DutyPlace:
    """The place for which a duty number is called: a unit, or only a locality of the unit.

    `pcode` is `KG` for the country.
    """

    pcode: str
    locality: str | None = None
    locality_pcode: str | None = None


@dataclass(frozen=True, slots=True)
class DutyNumber:
    """`position` is the rank of the number in the list of its unit. The list has the order of the imported file."""

    number_id: UUID
    place: DutyPlace
    # The service is a str if a later release of Dayar stored it. The page lists the numbers of an unknown service
    # together with the numbers that no step of a checklist names.
    service: DutyService | str
    contact: DutyContact
    position: int


def sealed(contact: DutyContact, number_id: UUID, box: WebhookSecrets) -> bytes:
    return box.seal(json.dumps(asdict(contact), ensure_ascii=False), label(number_id))


def opened(text: bytes, number_id: UUID, box: WebhookSecrets) -> DutyContact:
    fields = json.loads(box.open(text, label(number_id)))
    return DutyContact(fields["post"], tuple(fields["telephones"]), fields["note"])


def label(number_id: UUID) -> str:
    """The AAD of the encrypted contact: with it, the encrypted contact of another row cannot be used for this row."""
    return f"duty number/{number_id}"


def telephone_of(typed: str) -> str:
    """The telephone as it is stored. Raises ValueError if the text is neither a telephone nor a short number."""
    if SHORT_NUMBER.fullmatch(typed):
        return typed
    try:
        number = phonenumbers.parse(typed if len(typed) <= LONGEST_TELEPHONE else "", COUNTRY)
    except NumberParseException as error:
        raise ValueError("a telephone number is expected") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("a telephone number with its area code is expected")
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{written}{EXTENSION}{number.extension}" if number.extension else written


def written(telephone: str) -> str:
    """The stored telephone as people read it."""
    if SHORT_NUMBER.fullmatch(telephone):
        return telephone
    return phonenumbers.format_number(phonenumbers.parse(telephone), PhoneNumberFormat.INTERNATIONAL)

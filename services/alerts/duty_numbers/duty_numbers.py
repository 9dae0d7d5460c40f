"""A duty number says which post of a service to call for a unit or a locality.

A duty number may be a private telephone, so the post, the telephones and the note are stored encrypted.
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

LONGEST_TELEPHONE = 40
SHORT_NUMBER = re.compile(r"[1-9]\d{2,3}")
EXTENSION = ";ext="


class DutyService(StrEnum):
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
    """A telephone is an E.164 number, or a short number like 112."""

    post: str
    telephones: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DutyPlace:
    """The place is a unit or, if `locality` is given, only this locality of the unit.

    `pcode` is `KG` for the country.
    """

    pcode: str
    locality: str | None = None
    locality_pcode: str | None = None


@dataclass(frozen=True, slots=True)
class DutyNumber:
    """`position` is the number's rank within its unit, from the order of the imported file."""

    number_id: UUID
    place: DutyPlace
    # The value is a str if only a later release of Dayar knows the service.
    service: DutyService | str
    contact: DutyContact
    position: int


def sealed(contact: DutyContact, number_id: UUID, box: WebhookSecrets) -> bytes:
    return box.seal(json.dumps(asdict(contact), ensure_ascii=False), label(number_id))


def opened(text: bytes, number_id: UUID, box: WebhookSecrets) -> DutyContact:
    fields = json.loads(box.open(text, label(number_id)))
    return DutyContact(fields["post"], tuple(fields["telephones"]), fields["note"])


def label(number_id: UUID) -> str:
    """The AAD binds the encrypted contact to its row, so that it cannot be moved to another row."""
    return f"duty number/{number_id}"


def telephone_of(typed: str) -> str:
    """Raises ValueError if the text is neither a telephone nor a short number."""
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
    if SHORT_NUMBER.fullmatch(telephone):
        return telephone
    return phonenumbers.format_number(phonenumbers.parse(telephone), PhoneNumberFormat.INTERNATIONAL)

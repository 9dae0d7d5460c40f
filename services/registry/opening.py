"""Decrypts sealed records.

Decryption must not read the database: the transaction of the previous batch may still be open.
"""

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json

from services.registry.decisions import SUBJECT_OF
from services.registry.reports import AnyFiled, Content, Filed, FiledMovement
from shared import events
from shared.crypto import seal
from shared.events import (
    Event,
    GroupMovementReported,
    GroupReported,
    HouseholdMovementReported,
    HouseholdReported,
    SealedBox,
    SiteMovementReported,
)
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.envelope import REVOKED_HEADER
from shared.events.movements import GroupMovementClear, HouseholdMovementClear, SiteMovementClear
from shared.failures import DependencyUnavailable, SetAside
from shared.messaging.records import Received, Record

# The fields that intake adds are left out.
TEXT_OF = {
    "household": TypeAdapter(HouseholdClear).serializer.to_json,
    "group": TypeAdapter(GroupClear).serializer.to_json,
    "household_movement": TypeAdapter(HouseholdMovementClear).serializer.to_json,
    "group_movement": TypeAdapter(GroupMovementClear).serializer.to_json,
    "site_movement": TypeAdapter(SiteMovementClear).serializer.to_json,
}
MovementReported = HouseholdMovementReported | GroupMovementReported | SiteMovementReported
DisplacementReported = HouseholdReported | GroupReported | MovementReported


class ReportOpener:
    """Raises SetAside for a record that can never be decrypted, and DependencyUnavailable for a missing key."""

    def __init__(self, keys: seal.Opener, digests: Callable[[bytes], bytes]) -> None:
        self._keys = keys
        self._digests = digests

    def __call__(self, record: Record) -> Received:
        event = events.decode(record.topic, record.value, record.headers)
        reported: DisplacementReported = event.data
        report_id, subject_id, author = str(reported.report_id), str(reported.key), str(reported.author)
        plain = self._open(reported.sealed, event, record.value)
        text = TEXT_OF[reported.kind](reported, exclude_defaults=True)
        digest = self._digests(events.digest((authored_content(reported, text), plain)))
        fields = {
            "report_id": report_id,
            "subject": (SUBJECT_OF[reported.kind], subject_id),
            "sealed": read(plain),
            "text": text.decode(),
            "plain": plain,
            "digest": digest,
            "author": author,
            "team": str(reported.team) if reported.team else None,
            "channel": reported.channel,
            "received_at": reported.received_at,
            "places_version": reported.places_version,
            "flags": reported.flags,
            "is_revoked": REVOKED_HEADER in dict(record.headers),
        }
        return Received(record, event, digest, filed(reported, fields))

    def _open(self, box: SealedBox, event: Event[Any], value: bytes) -> bytes:
        try:
            clear = seal.without_box(value, box)
            aad = seal.report_aad(kid=box.kid, event_type=event.type, event_id=event.id, clear=clear)
            return self._keys.open(box, aad)
        except seal.SealMismatch:
            raise SetAside("seal_mismatch", "/sealed") from None
        except seal.UnknownKeyId:
            raise DependencyUnavailable from None


def filed(reported: DisplacementReported, fields: dict[str, Any]) -> AnyFiled:
    if isinstance(reported, MovementReported):
        return FiledMovement(clear=reported, registrar_areas=reported.registrar_areas, **fields)
    return Filed(clear=reported, **fields)


def authored_content(reported: DisplacementReported, text: bytes) -> bytes:
    """The content from which the digest is computed. The digest is of the times as the author sent them.

    Intake corrects times by the phone's clock, and may correct a repeated report differently.
    """
    if reported.uncorrected is None:
        return text
    uncorrected = reported.model_copy(update=reported.uncorrected.original)
    return TEXT_OF[reported.kind](uncorrected, exclude_defaults=True)


def read(plain: bytes) -> Content:
    try:
        content = from_json(plain)
    except ValueError:
        raise SetAside("invalid", "/sealed") from None
    if not isinstance(content, dict):
        raise SetAside("invalid", "/sealed")
    return content

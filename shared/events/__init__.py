"""THE CONTRACT: all event types, their topics, and their encoding as Kafka records."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.events.access import CredentialKind, CredentialRestored, CredentialRevoked, TeamReadmitted
from shared.events.alerts import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCommented,
    AlertConfirmed,
    AlertEscalated,
    AlertProgressed,
    AlertRaised,
    AlertReopened,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertUpdated,
    DeliverySettled,
)
from shared.events.areas import Area, Circle
from shared.events.displacements import (
    DisplacementReport,
    GroupCorrectionReported,
    GroupReport,
    GroupReported,
    GroupSealed,
    HouseholdCorrectionReported,
    HouseholdReport,
    HouseholdReported,
    HouseholdSealed,
    Person,
    SealedBox,
)
from shared.events.envelope import (
    UUID_TEXT,
    Event,
    EventData,
    Header,
    MalformedEvent,
    Message,
    UnknownEventType,
    derived_id,
    digest,
    event_id,
    event_name,
    gathered,
    header,
    header_of,
    message,
    raw_message,
    written,
)
from shared.events.fields import Place, Point
from shared.events.groups import GroupCorrected, GroupCounted, GroupHeld, GroupStatusChanged
from shared.events.hazards import (
    CENTRE,
    CENTRE_ACCOUNT,
    FIELD_TEAMS,
    OF_PEOPLE,
    HazardCancelled,
    HazardReport,
    HazardReported,
    HazardText,
    HazardUpdated,
    enterer,
)
from shared.events.households import (
    Displacement,
    HouseholdCorrected,
    HouseholdHeld,
    HouseholdRegistered,
    HouseholdStatusChanged,
    HouseholdWhereabouts,
)
from shared.events.movements import (
    GroupMovementReport,
    GroupMovementReported,
    HouseholdMovementReport,
    HouseholdMovementReported,
    HouseholdMovementSealed,
    MovementSealed,
    SiteMovementReport,
    SiteMovementReported,
)
from shared.events.outcomes import ReportAlerted, ReportHeld, ReportSettled
from shared.events.sites import SiteChanged, SiteDescription, SiteResidentsChanged
from shared.events.topics import TOPICS, Topic

CORRECTION = HouseholdCorrectionReported.event_type

# Several classes can have the same event type. Classes with the same event type have different values of `kind`.
EVENT_TYPES: dict[str, tuple[type[EventData], ...]] = gathered()


def decode(topic: str, value: bytes | None, headers: list[Header] | tuple[Header, ...]) -> Event[Any]:
    """Decode a record.

    Raises UnknownEventType if the topic has no such event type. Raises MalformedEvent with a JSON pointer to the wrong
    field. The pointer contains only known field names, and no value.
    """
    fields = dict(headers)
    event_type = header_of(fields, "ce_type")
    models = EVENT_TYPES.get(event_type, ())
    if not models or topic not in models[0].topics():
        raise UnknownEventType
    try:
        data = _parser(models)(value or b"")
    except ValidationError as error:
        raise MalformedEvent(pointer(error, models)) from None
    if data.own_topic != topic:
        # for example a restricted hazard on the public topic
        raise MalformedEvent("/scope")
    if not UUID_TEXT.fullmatch(id := fields.get("ce_id") or b""):
        raise MalformedEvent("/ce_id")
    try:
        subject = fields.get("ce_subject")
        return Event(
            id=id.decode(),
            type=event_type,
            source=header_of(fields, "ce_source"),
            time=datetime.fromisoformat(header_of(fields, "ce_time")),
            subject=subject.decode() if subject else None,
            data=data,
        )
    except ValueError:
        raise MalformedEvent("/ce_time") from None


@lru_cache(1024)
def _parser(models: tuple[type[BaseModel], ...]) -> Callable[[bytes], Any]:
    return TypeAdapter[Any](reduce(or_, models)).validator.validate_json


def pointer(error: ValidationError, models: tuple[type[BaseModel], ...]) -> str:
    """Return a JSON pointer to the first wrong field.

    Names that are not in the contract become `?`, because they may be personal data.
    """
    known = {name for model in models for name in model.model_fields}
    location = error.errors(include_input=False, include_context=False, include_url=False)[0]["loc"]
    return "".join(f"/{part if isinstance(part, int) or part in known else '?'}" for part in location)


__all__ = [
    "CENTRE",
    "CENTRE_ACCOUNT",
    "CORRECTION",
    "EVENT_TYPES",
    "FIELD_TEAMS",
    "OF_PEOPLE",
    "TOPICS",
    "AlertAcknowledged",
    "AlertAssigned",
    "AlertCommented",
    "AlertConfirmed",
    "AlertEscalated",
    "AlertProgressed",
    "AlertRaised",
    "AlertReopened",
    "AlertResolved",
    "AlertSnoozed",
    "AlertSuppressed",
    "AlertUpdated",
    "Area",
    "Circle",
    "CredentialKind",
    "CredentialRestored",
    "CredentialRevoked",
    "DeliverySettled",
    "Displacement",
    "DisplacementReport",
    "Event",
    "EventData",
    "GroupCorrected",
    "GroupCorrectionReported",
    "GroupCounted",
    "GroupHeld",
    "GroupMovementReport",
    "GroupMovementReported",
    "GroupReport",
    "GroupReported",
    "GroupSealed",
    "GroupStatusChanged",
    "HazardCancelled",
    "HazardReport",
    "HazardReported",
    "HazardText",
    "HazardUpdated",
    "Header",
    "HouseholdCorrected",
    "HouseholdCorrectionReported",
    "HouseholdHeld",
    "HouseholdMovementReport",
    "HouseholdMovementReported",
    "HouseholdMovementSealed",
    "HouseholdRegistered",
    "HouseholdReport",
    "HouseholdReported",
    "HouseholdSealed",
    "HouseholdStatusChanged",
    "HouseholdWhereabouts",
    "MalformedEvent",
    "Message",
    "MovementSealed",
    "Person",
    "Place",
    "Point",
    "ReportAlerted",
    "ReportHeld",
    "ReportSettled",
    "SealedBox",
    "SiteChanged",
    "SiteDescription",
    "SiteMovementReport",
    "SiteMovementReported",
    "SiteResidentsChanged",
    "TeamReadmitted",
    "Topic",
    "UnknownEventType",
    "decode",
    "derived_id",
    "digest",
    "enterer",
    "event_id",
    "event_name",
    "header",
    "header_of",
    "message",
    "pointer",
    "raw_message",
    "written",
]

"""THE CONTRACT: every event type, its topic, and its encoding as a Kafka record."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.events.access import CredentialKind, CredentialRestored, CredentialRevoked, TeamReadmitted
from shared.events.alerts import (
    AlertAcknowledged,
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
    Header,
    MalformedEvent,
    Message,
    UnknownEventType,
    derived_id,
    digest,
    event_id,
    event_name,
    header,
    header_of,
    message,
    raw_message,
    written,
)
from shared.events.fields import Place, Point
from shared.events.hazards import (
    CENTRE,
    Area,
    Circle,
    HazardCancelled,
    HazardReport,
    HazardReported,
    HazardText,
    HazardUpdated,
    enterer,
)
from shared.events.households import Displacement, HouseholdCorrected, HouseholdRegistered
from shared.events.outcomes import ReportHeld, ReportSettled
from shared.events.topics import TOPICS, Topic

CORRECTION = HouseholdCorrectionReported.event_type

# Corrections of households and of groups share one event type; `kind` distinguishes them.
EVENT_TYPES: dict[str, tuple[type[BaseModel], ...]] = {
    HazardReported.event_type: (HazardReported,),
    HazardUpdated.event_type: (HazardUpdated,),
    HazardCancelled.event_type: (HazardCancelled,),
    HouseholdReported.event_type: (HouseholdReported,),
    GroupReported.event_type: (GroupReported,),
    CORRECTION: (HouseholdCorrectionReported, GroupCorrectionReported),
    HouseholdRegistered.event_type: (HouseholdRegistered,),
    HouseholdCorrected.event_type: (HouseholdCorrected,),
    AlertRaised.event_type: (AlertRaised,),
    AlertUpdated.event_type: (AlertUpdated,),
    AlertAcknowledged.event_type: (AlertAcknowledged,),
    AlertConfirmed.event_type: (AlertConfirmed,),
    AlertProgressed.event_type: (AlertProgressed,),
    AlertCommented.event_type: (AlertCommented,),
    AlertSnoozed.event_type: (AlertSnoozed,),
    AlertReopened.event_type: (AlertReopened,),
    AlertEscalated.event_type: (AlertEscalated,),
    AlertResolved.event_type: (AlertResolved,),
    AlertSuppressed.event_type: (AlertSuppressed,),
    DeliverySettled.event_type: (DeliverySettled,),
    ReportSettled.event_type: (ReportSettled,),
    ReportHeld.event_type: (ReportHeld,),
    CredentialRevoked.event_type: (CredentialRevoked,),
    CredentialRestored.event_type: (CredentialRestored,),
    TeamReadmitted.event_type: (TeamReadmitted,),
}

_correction: TypeAdapter[Any] = TypeAdapter(HouseholdCorrectionReported | GroupCorrectionReported)
_parse = {
    (models[0].topic, name):  # type: ignore[attr-defined]
    (_correction if len(models) > 1 else models[0].__pydantic_validator__).validate_json
    for name, models in EVENT_TYPES.items()
}


def decode(topic: str, value: bytes | None, headers: list[Header] | tuple[Header, ...]) -> Event[Any]:
    """Decode a record. An event type on the wrong topic is unknown.

    Raises UnknownEventType, or MalformedEvent with a JSON pointer of known field names, never a value.
    """
    found = dict(headers)
    event_type = header_of(found, "ce_type")
    parse = _parse.get((topic, event_type))
    if parse is None:
        raise UnknownEventType
    try:
        data = parse(value or b"")
    except ValidationError as error:
        raise MalformedEvent(pointer(error, EVENT_TYPES[event_type])) from None
    if not UUID_TEXT.fullmatch(id := found.get("ce_id") or b""):
        raise MalformedEvent("/ce_id")
    try:
        subject = found.get("ce_subject")
        return Event(
            id=id.decode(),
            type=event_type,
            source=header_of(found, "ce_source"),
            time=datetime.fromisoformat(header_of(found, "ce_time")),
            subject=subject.decode() if subject else None,
            data=data,
        )
    except ValueError:
        raise MalformedEvent("/ce_time") from None


def pointer(error: ValidationError, models: tuple[type[BaseModel], ...]) -> str:
    """A JSON pointer to the first wrong field. A name that is not in the contract is shown as `?`."""
    known = {name for model in models for name in model.model_fields}
    location = error.errors(include_input=False, include_context=False, include_url=False)[0]["loc"]
    return "".join(f"/{part if isinstance(part, int) or part in known else '?'}" for part in location)


__all__ = [
    "CENTRE",
    "CORRECTION",
    "EVENT_TYPES",
    "TOPICS",
    "AlertAcknowledged",
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
    "GroupCorrectionReported",
    "GroupReport",
    "GroupReported",
    "GroupSealed",
    "HazardCancelled",
    "HazardReport",
    "HazardReported",
    "HazardText",
    "HazardUpdated",
    "Header",
    "HouseholdCorrected",
    "HouseholdCorrectionReported",
    "HouseholdRegistered",
    "HouseholdReport",
    "HouseholdReported",
    "HouseholdSealed",
    "MalformedEvent",
    "Message",
    "Person",
    "Place",
    "Point",
    "ReportHeld",
    "ReportSettled",
    "SealedBox",
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

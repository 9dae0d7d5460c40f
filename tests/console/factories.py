"""Makes valid events of the other services, and accounts that may read these events."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel

from shared import events
from shared.country import TIME_ZONE
from shared.events import Event, Message, Place
from shared.messaging.consumer import Received, Record

KADAMJAI, LEILEK, BATKEN, KARA_SUU = "KG05258000000", "KG05236000000", "KG05000000000", "KG06226000000"
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.astimezone(TIME_ZONE).date()
WRITERS = {
    "hazards": "intake",
    "hazards-restricted": "intake",
    "households": "registry",
    "groups": "registry",
    "sites": "registry",
    "alerts": "alerts",
    "outcomes": "registry",
    "access": "console",
}


def hazard(kind: type[events.HazardReported] = events.HazardReported, **changed: Any) -> events.HazardReported:
    report_id = uuid4()
    fields: dict[str, Any] = {
        "report_id": report_id,
        "hazard_id": uuid4(),
        "status": "Actual",
        "source": "cmc",
        "source_id": str(report_id),
        "type": "mudflow",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "area": {"pcodes": [KADAMJAI]},
        "onset": NOW - timedelta(minutes=5),
        "reported_at": NOW,
        "author": uuid4(),
        "channel": "console",
        "received_at": NOW,
    }
    return kind.model_validate(fields | changed)


def alert(kind: type[events.AlertRaised] = events.AlertRaised, **changed: Any) -> events.AlertRaised:
    fields: dict[str, Any] = {
        "alert_id": uuid4(),
        "sequence": 1,
        "status": "Actual",
        "rule": "severity",
        "reason": "source_severity",
        "figures": {"urgency": "Immediate", "certainty": "Observed", "source": "cmc"},
        "severity": "Severe",
        "hazard_type": "mudflow",
        "hazard_id": uuid4(),
        "hazard_scope": "Restricted",
        "pcodes": [KADAMJAI],
        "onset": NOW,
        "raised_at": NOW,
    }
    return kind.model_validate(fields | changed)


def delivery(**changed: Any) -> events.DeliverySettled:
    fields: dict[str, Any] = {
        "alert_id": uuid4(),
        "sequence": 2,
        "delivery_id": uuid4(),
        "status": "Actual",
        "step": 1,
        "recipient": "duty",
        "channel": "webhook",
        "is_delivered": True,
        "attempts": 1,
        "settled_at": NOW,
    }
    return events.DeliverySettled.model_validate(fields | changed)


def household(
    kind: type[events.HouseholdRegistered] = events.HouseholdRegistered, *, destination: str = KADAMJAI, **changed: Any
) -> events.HouseholdRegistered:
    fields: dict[str, Any] = {
        "household_id": uuid4(),
        "report_id": uuid4(),
        "version": 1,
        "sequence": 1,
        "status": "Actual",
        "occurred_on": TODAY,
        "occurred_on_precision": "day",
        "recorded_on": TODAY,
        "mobility": "displacement",
        "origin": Place(pcode=LEILEK),
        "destination": Place(pcode=destination),
        "persons": 5,
        "reasons": ["natural_disaster"],
        "author": uuid4(),
    }
    return kind.model_validate(fields | changed)


def group(
    persons: int, kind: type[events.GroupCounted] = events.GroupCounted, *, to: str | None = None, **changed: Any
) -> events.GroupCounted:
    """Makes a count of a group from Kadamjai. `to` is the P-code of the place where the people now are.

    `to` is None if the place is not known.
    """
    fields: dict[str, Any] = {
        "group_id": uuid4(),
        "report_id": uuid4(),
        "version": 1,
        "sequence": 1,
        "status": "Actual",
        "stock_id": uuid4(),
        "measure": "stock",
        "mobility": "displacement",
        "persons": persons,
        "quantifier": "exact",
        "counted_at": NOW,
        "counted_at_precision": "hour",
        "occurred_on": TODAY,
        "occurred_on_precision": "day",
        "recorded_on": TODAY,
        "origin": Place(pcode=KADAMJAI),
        "destination": Place(pcode=to) if to else Place(country="ZZ"),
        "reasons": ["natural_disaster"],
        "hazard_type": "mudflow",
        "author": uuid4(),
    }
    return kind.model_validate(fields | changed)


def site(**changed: Any) -> events.SiteChanged:
    fields: dict[str, Any] = {
        "site_id": uuid4(),
        "version": 1,
        "status": "Actual",
        "name_ky": "№ 5 мектеп",
        "name_ru": "Школа № 5",
        "type": "school",
        "pcode": LEILEK,
        "changed_at": NOW,
    }
    return events.SiteChanged.model_validate(fields | changed)


def outcome(**changed: Any) -> events.ReportSettled:
    fields: dict[str, Any] = {
        "report_id": uuid4(),
        "version": 1,
        "status": "Actual",
        "kind": "household",
        "consumer": "registry",
        "outcome": "recorded",
    }
    return events.ReportSettled.model_validate(fields | changed)


def message(data: Any, *, time: datetime = NOW, id: UUID | None = None) -> Message:
    """Makes the record of an event. A record is returned unchanged."""
    if isinstance(data, Message):
        return data
    return events.message(data, id=id or uuid4(), source=f"/{WRITERS[data.topic]}", time=time)


def received(data: Any, *, time: datetime = NOW, id: UUID | None = None) -> Received:
    record = Record(data.topic, 0, 0, 0, b"", b"", ())
    event: Event[BaseModel] = Event(str(id or uuid4()), data.event_type, f"/{WRITERS[data.topic]}", time, None, data)
    return Received(record, event, b"")


def all_received(many: Iterable[Any]) -> list[Received]:
    return [received(each) for each in many]

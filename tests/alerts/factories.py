"""Makes the events that the alerts service reads (hazards, households, groups), and the rules for these events."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.alerts.ruleset import Ruleset
from shared import events
from shared.events import (
    CredentialKind,
    GroupCorrected,
    GroupCounted,
    GroupHeld,
    GroupStatusChanged,
    HazardCancelled,
    HazardReported,
    HazardUpdated,
    HouseholdCorrected,
    HouseholdHeld,
    HouseholdRegistered,
    HouseholdStatusChanged,
    Message,
    Place,
    SiteChanged,
    SiteResidentsChanged,
)
from shared.messaging.records import Received, Record, open_plain

NOW = datetime(2026, 6, 15, 6, tzinfo=UTC)
TODAY = date(2026, 6, 15)
ALAI, KADAMJAI, LEILEK, BATKEN = "KG06207000000", "KG05258000000", "KG05236000000", "KG05000000000"
AUTHOR = uuid4()
HAZARD_TYPES = {"Alert": HazardReported, "Update": HazardUpdated, "Cancel": HazardCancelled}
_offsets = itertools.count()


class NothingRevoked:
    """The revocations of an installation without disabled accounts."""

    is_known = True

    def is_disabled(self, account: UUID) -> bool:
        return False

    def ends(self, names: Sequence[tuple[CredentialKind, UUID]], began_at: int) -> bool:
        return False


NOBODY_REVOKED = NothingRevoked()


def hazard(**changed: Any) -> HazardReported:
    """Makes a new quake of magnitude 4.7 near Sary-Tash, without a severity, like the quakes of a feed."""
    fields: dict[str, Any] = {
        "report_id": uuid4(),
        "hazard_id": uuid4(),
        "author": AUTHOR,
        "channel": "feed",
        "received_at": NOW,
        "source": "usgs",
        "source_id": "us20005gku",
        "type": "earthquake",
        "magnitude": 4.7,
        "depth_km": 11.0,
        "area": {"pcodes": [ALAI], "point": {"lat": 39.6, "lon": 73.3}},
        "onset": NOW - timedelta(minutes=20),
        "reported_at": NOW,
        **changed,
    }
    return HAZARD_TYPES[fields.get("msg_type", "Alert")].model_validate(fields)


def mudflow(**changed: Any) -> HazardReported:
    return hazard(
        **{
            "type": "mudflow",
            "magnitude": None,
            "depth_km": None,
            "severity": "Severe",
            "area": {"pcodes": [KADAMJAI]},
            "source": "cmc",
            "source_id": "m1",
            **changed,
        }
    )


def household(**changed: Any) -> HouseholdRegistered:
    """Makes a household that was displaced today from Kadamjai to Leilek."""
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
        "origin": Place(pcode=KADAMJAI),
        "destination": Place(pcode=LEILEK),
        "persons": 5,
        "reasons": ["natural_disaster"],
        "author": AUTHOR,
        **changed,
    }
    kind = HouseholdRegistered if fields["version"] == 1 else HouseholdCorrected
    return kind.model_validate(fields)


def after_movement(of: HouseholdRegistered, displaced: int, **changed: Any) -> HouseholdStatusChanged:
    """Makes the next event of the household `of`.

    `displaced` is the number of the household's persons who are still displaced.
    """
    whereabouts = {"displaced": displaced, "returned": of.persons - displaced, "settled": 0, "confirmed_on": TODAY}
    fields = {**of.model_dump(), "sequence": of.sequence + 1, "whereabouts": whereabouts, **changed}
    return HouseholdStatusChanged.model_validate(fields)


def group(**changed: Any) -> GroupCounted:
    fields: dict[str, Any] = {
        "group_id": uuid4(),
        "report_id": uuid4(),
        "version": 1,
        "sequence": 1,
        "status": "Actual",
        "stock_id": uuid4(),
        "measure": "stock",
        "mobility": "displacement",
        "persons": 20,
        "quantifier": "exact",
        "counted_at": NOW,
        "counted_at_precision": "hour",
        "occurred_on": TODAY,
        "occurred_on_precision": "day",
        "recorded_on": TODAY,
        "origin": Place(pcode=KADAMJAI),
        "destination": Place(pcode=LEILEK),
        "reasons": ["natural_disaster"],
        "author": AUTHOR,
        **changed,
    }
    kind = GroupCounted if fields["version"] == 1 else GroupCorrected
    if fields.get("superseded_by"):
        kind = GroupStatusChanged
    return kind.model_validate(fields)


def site(**changed: Any) -> SiteChanged:
    fields: dict[str, Any] = {"site_id": uuid4(), "version": 1, "status": "Actual", "changed_at": NOW}
    return SiteChanged.model_validate({**fields, "name_ru": "Школа № 5", "type": "school", "pcode": LEILEK, **changed})


def residents(of: SiteChanged, persons: int, **changed: Any) -> SiteResidentsChanged:
    fields: dict[str, Any] = {"site_id": of.site_id, "sequence": 1, "status": "Actual", "changed_at": NOW, **changed}
    return SiteResidentsChanged(persons=persons, households=persons // 5, **fields)


def held(of: HouseholdRegistered | GroupCounted, **changed: Any) -> HouseholdHeld | GroupHeld:
    kind = GroupHeld if isinstance(of, GroupCounted) else HouseholdHeld
    return kind.model_validate({**of.model_dump(), "is_held": True, **changed})


AnyEvent = (
    HazardReported | HouseholdRegistered | GroupCounted | HouseholdHeld | GroupHeld | SiteChanged | SiteResidentsChanged
)


def message(data: AnyEvent) -> Message:
    if isinstance(data, SiteChanged | SiteResidentsChanged):
        return events.message(data, id=str(uuid4()), source="/registry", time=NOW)
    id = events.event_id(data.event_type, getattr(data, "author", AUTHOR), data.report_id, data.version)
    return events.message(data, id=id, source="/intake", time=NOW)


def received(data: AnyEvent) -> Received:
    published = message(data)
    return open_plain(Record(published.topic, 0, next(_offsets), 0, published.key, published.value, published.headers))


def rules(**changed: Any) -> Ruleset:
    """Returns the default rules, with the tables of `changed` merged in. Passing None for a table removes the table."""
    product = Ruleset.load().model_dump(exclude_none=True)
    merged = {
        name: table | changed[name] if changed.get(name) else table
        for name, table in product.items()
        if changed.get(name, table) is not None
    }
    return Ruleset.model_validate(merged)


def event_type(headers: str) -> str:
    event_type: str = dict(json.loads(headers))["ce_type"]
    return event_type.removeprefix("dayar.alert.").removesuffix(".v1")

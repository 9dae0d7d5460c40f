"""Builds the registry's events about the changes of households and the outcomes of reports.

`msgspec` writes the JSON, because a pydantic model would take as much time as all other work on a household.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from services.registry.households.courses import HouseholdStanding, Onward
from services.registry.judgements import Settled
from services.registry.reports import Filed
from services.registry.subjects import SubjectChange
from services.registry.working_set import WorkingSet
from shared import events, tracing
from shared.country import TIME_ZONE, UNKNOWN_COUNTRY
from shared.crypto.randomness import random_id
from shared.events import (
    HouseholdCorrected,
    HouseholdRegistered,
    HouseholdStatusChanged,
    Message,
    Place,
    ReportHeld,
    ReportSettled,
)
from shared.events.envelope import EventData
from shared.events.vocabulary import (
    Evacuation,
    HazardType,
    Mobility,
    OutcomeKind,
    Precision,
    Reason,
    ReportKind,
    Status,
)
from shared.places import Places

SOURCE = "/registry"

_encode = msgspec.json.Encoder().encode


class DistrictData(msgspec.Struct, omit_defaults=True, gc=False):
    """The P-code is the code of a district or a larger unit."""

    pcode: str | None = None
    country: str | None = None


class DisplacementData(msgspec.Struct, omit_defaults=True, gc=False):
    """JSON of `shared.events.Displacement`."""

    report_id: str
    status: Status
    occurred_on: date
    occurred_on_precision: Precision
    mobility: Mobility
    origin: DistrictData
    reported_on: date
    movement_id: str | None = None


class WhereaboutsData(msgspec.Struct, gc=False):
    """The JSON of `shared.events.HouseholdWhereabouts`."""

    displaced: int
    returned: int
    settled: int
    confirmed_on: date
    is_return_presumed: bool


class HouseholdData(msgspec.Struct, omit_defaults=True, gc=False):
    """The JSON of `shared.events.HouseholdRegistered` and of the other events about households.

    All events about households have the same fields.
    """

    household_id: str
    report_id: str
    version: int
    sequence: int
    status: Status
    occurred_on: date
    occurred_on_precision: Precision
    recorded_on: date
    mobility: Mobility
    origin: DistrictData
    destination: DistrictData
    persons: int
    reasons: tuple[Reason, ...]
    author: str
    hazard_type: HazardType | None = None
    hazard_id: UUID | None = None
    is_urgent: bool = False
    team: str | None = None
    places_version: str | None = None
    latest_mobility: Mobility | None = None
    reported_on: date | None = None
    displacement: DisplacementData | None = None
    whereabouts: WhereaboutsData | None = None
    evacuation: Evacuation | None = None
    confirmed_on: date | None = None


class OutcomeData(msgspec.Struct, omit_defaults=True, gc=False):
    report_id: str
    version: int
    status: Status
    kind: str
    consumer: str
    outcome: OutcomeKind
    author: str
    reason: str | None = None
    replaces: str | None = None


class HouseholdEvents:
    """A P-code becomes the P-code of its district, because no smaller place may leave the registry."""

    def __init__(self, places: Places) -> None:
        self._district = lru_cache(10_000)(lambda pcode: DistrictData(pcode=places.district(pcode)))
        self._country = lru_cache(300)(lambda country: DistrictData(country=country))

    def messages(self, working_set: WorkingSet, now: datetime) -> Iterator[Message]:
        today = local_day(now)
        for change in working_set.changes:
            if change.subject[0] == ReportKind.HOUSEHOLD:
                yield self.household(change, now, today)
        for settled in working_set.settled:
            yield outcome(settled, now)

    def household(self, change: SubjectChange, now: datetime, today: date) -> Message:
        filed, clear, (_, household_id) = change.current, change.current.clear, change.subject
        data = HouseholdData(
            household_id=household_id,
            report_id=filed.report_id,
            version=clear.version,
            sequence=change.sequence,
            status=clear.status,
            occurred_on=local_day(clear.occurred_at),
            occurred_on_precision=clear.occurred_at_precision,
            recorded_on=today,
            mobility=clear.mobility,
            origin=self.coarse(clear.origin),
            destination=self.coarse(clear.destination),
            persons=clear.persons,
            reasons=clear.reasons,
            hazard_type=clear.hazard_type,
            hazard_id=clear.hazard_id,
            is_urgent=change.latest.clear.is_urgent,
            author=filed.author,
            team=filed.team,
            places_version=filed.places_version,
            latest_mobility=None if change.latest is filed else change.latest.clear.mobility,
            reported_on=local_day(filed.known_at),
            displacement=None if change.changed is filed else self.displacement(change.changed),
            evacuation=clear.evacuation,
            confirmed_on=None if change.standing else local_day(clear.reported_at),
        )
        if change.onward is not None:
            data.displacement = self.onward(change.onward)
        if change.standing is not None:
            self.add_standing(data, change.standing)
        return written(event_type(change), household_id, data, random_id(), now)

    def add_standing(self, data: HouseholdData, standing: HouseholdStanding) -> None:
        """`destination` is set to the place of the people who are still displaced."""
        confirmed_on = local_day(standing.confirmed_at)
        data.whereabouts = WhereaboutsData(
            standing.displaced, standing.returned, standing.settled, confirmed_on, standing.is_return_presumed
        )
        data.destination = self._district(standing.pcode) if standing.pcode else self._country(standing.country)

    def displacement(self, filed: Filed) -> DisplacementData:
        clear = filed.clear
        return DisplacementData(
            report_id=filed.report_id,
            status=clear.status,
            occurred_on=local_day(clear.occurred_at),
            occurred_on_precision=clear.occurred_at_precision,
            mobility=clear.mobility,
            origin=self.coarse(clear.origin),
            reported_on=local_day(filed.known_at),
        )

    def onward(self, onward: Onward) -> DisplacementData:
        """If the report of the displacement was withdrawn, nobody knows the origin.

        If the origin is unknown, the alerts service counts the displacement in no district.
        """
        pcode, country = onward.left or (None, UNKNOWN_COUNTRY)
        return DisplacementData(
            report_id=onward.report_id,
            status=onward.status,
            occurred_on=onward.occurred_on,
            occurred_on_precision=onward.precision,
            mobility=onward.mobility,
            origin=self._district(pcode) if pcode else self._country(country),
            reported_on=onward.reported_on,
            movement_id=onward.movement_id,
        )

    def coarse(self, place: Place) -> DistrictData:
        return self._district(place.pcode) if place.pcode else self._country(place.country)


def local_day(moment: datetime) -> date:
    return moment.astimezone(TIME_ZONE).date()


def event_type(change: SubjectChange) -> type[HouseholdRegistered]:
    if change.is_movement:
        return HouseholdStatusChanged
    return HouseholdCorrected if change.is_correction else HouseholdRegistered


def outcome(settled: Settled, now: datetime) -> Message:
    filed, clear = settled.filed, settled.filed.clear
    data = OutcomeData(
        report_id=filed.report_id,
        version=clear.version,
        status=clear.status,
        kind=clear.kind,
        consumer="registry",
        outcome=settled.outcome,
        author=filed.author,
        reason=settled.reason,
        replaces=settled.replaces,
    )
    model = ReportHeld if settled.outcome is OutcomeKind.HELD else ReportSettled
    return written(model, filed.report_id, data, settled.outcome_id, now)


def written(model: type[EventData], key: str, data: msgspec.Struct, id: str, now: datetime) -> Message:
    value = _encode(data)
    with tracing.caused_by(key):
        return events.raw_message(model.topic, key, value, type=model.event_type, id=id, source=SOURCE, time=now)


def utcnow() -> datetime:
    return datetime.now(UTC)

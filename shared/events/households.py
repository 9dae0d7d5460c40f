"""The registry's pseudonymous events about households.

The events state no place below the district and no time below the day.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.events.envelope import EventData
from shared.events.fields import Clear, Data, Persons, Place
from shared.events.vocabulary import Evacuation, HazardType, Mobility, Precision, Reason, Status


class Displacement(Data):
    """One displacement of a household, in its valid version. `reported_on` is the day of the first version.

    If a movement forced the people onward, `movement_id` is the report of this movement. `movement_id` differs from
    `report_id` if everybody at a site moved, because one report of this kind is about many households.
    """

    report_id: Clear[UUID]
    status: Clear[Status]
    occurred_on: Clear[date]
    occurred_on_precision: Clear[Precision]
    reported_on: Clear[date | None] = None
    mobility: Clear[Mobility]
    origin: Clear[Place]
    movement_id: Clear[UUID | None] = None


class HouseholdWhereabouts(Data):
    """The persons in location of displacement, in location of return, and in settlement elsewhere, as IRIS has them.

    `confirmed_on` is the day on which somebody last saw the displaced people. `is_return_presumed` says that an
    evacuation was lifted and that nobody has confirmed the return.
    """

    displaced: Clear[Persons]
    returned: Clear[Persons]
    settled: Clear[Persons]
    confirmed_on: Clear[date]
    is_return_presumed: Clear[bool] = False


class HouseholdRegistered(EventData):
    """The household after this event.

    Consumers ignore an event whose `sequence` is not higher than the `sequence` that they have stored.

    `reported_on` is the day on which the displacement was first reported. Events of earlier releases of Dayar lack this
    field. `displacement` is set if the report is about another displacement than the household's current one.
    `latest_mobility` is `unable_to_move` if a report after the move says that the household is trapped at its new
    place. `destination` is the place of most of the people who are still displaced. Without `whereabouts`, no movement
    was reported since the displacement, and all `persons` are displaced. If no movement was reported, `confirmed_on` is
    the day of the report. Events of earlier releases of Dayar lack this field. `evacuation` is the kind of evacuation,
    if the people were evacuated and the report states it. If `is_urgent` is true, the latest report of the household
    says that the people need help at once.
    """

    event_type: ClassVar[str] = "dayar.household.registered.v1"
    topic: ClassVar[str] = "households"
    key_field: ClassVar[str] = "household_id"

    household_id: Clear[UUID]
    report_id: Clear[UUID]
    version: Clear[int]
    sequence: Clear[int]
    status: Clear[Status]
    occurred_on: Clear[date]
    occurred_on_precision: Clear[Precision]
    recorded_on: Clear[date]
    mobility: Clear[Mobility]
    origin: Clear[Place]
    destination: Clear[Place]
    persons: Clear[Persons]
    reasons: Clear[tuple[Reason, ...]]
    hazard_type: Clear[HazardType | None] = None
    hazard_id: Clear[UUID | None] = None
    is_urgent: Clear[bool] = False
    author: Clear[UUID]
    team: Clear[UUID | None] = None
    places_version: Clear[str | None] = None
    latest_mobility: Clear[Mobility | None] = None
    reported_on: Clear[date | None] = None
    displacement: Clear[Displacement | None] = None
    whereabouts: Clear[HouseholdWhereabouts | None] = None
    evacuation: Clear[Evacuation | None] = None
    confirmed_on: Clear[date | None] = None

    @property
    def displaced_now(self) -> int:
        return self.persons if self.whereabouts is None else self.whereabouts.displaced

    @property
    def last_confirmed_on(self) -> date:
        """The day on which somebody last saw the displaced people."""
        if self.whereabouts is not None:
            return self.whereabouts.confirmed_on
        return self.confirmed_on or self.reported_on or self.recorded_on


class HouseholdCorrected(HouseholdRegistered):
    event_type: ClassVar[str] = "dayar.household.corrected.v1"


class HouseholdStatusChanged(HouseholdRegistered):
    """A movement changed or confirmed the whereabouts of the household's people.

    If people were forced onward, `displacement` is this new displacement, with the movement's report id and the place
    that they left. If the new displacement turned out to be wrong, the place that the people left is not known.
    """

    event_type: ClassVar[str] = "dayar.household.status_changed.v1"


class HouseholdHeld(EventData):
    """The newest held report about a household that is not registered.

    Consumers never count the people of a held report as registered.

    If `is_held` is false, no report about the household waits any more: the household is registered, or its reports
    were refused. Consumers ignore an event whose `sequence` is not higher than the `sequence` that they have stored.
    The sequences of `HouseholdHeld` and of `HouseholdRegistered` are not comparable.
    """

    event_type: ClassVar[str] = "dayar.household.held.v1"
    topic: ClassVar[str] = "households"
    key_field: ClassVar[str] = "household_id"

    household_id: Clear[UUID]
    report_id: Clear[UUID]
    version: Clear[int]
    sequence: Clear[int]
    is_held: Clear[bool]
    status: Clear[Status]
    occurred_on: Clear[date]
    occurred_on_precision: Clear[Precision]
    mobility: Clear[Mobility]
    origin: Clear[Place]
    destination: Clear[Place]
    persons: Clear[Persons]
    places_version: Clear[str | None] = None
    reported_on: Clear[date | None] = None

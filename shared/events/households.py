"""The registry's pseudonymous events about households.

Places are at most as exact as a district, and times at most as exact as a day.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.events.envelope import EventData
from shared.events.fields import Clear, Data, Persons, Place
from shared.events.vocabulary import Evacuation, HazardType, Mobility, Precision, Reason, Status


class Displacement(Data):
    """A displacement of a household, as the valid version of its report states.

    `reported_on` is the day of the first version. If people were forced onward, `movement_id` is the report of this
    movement. Usually, `report_id` and `movement_id` are the same report. `report_id` and `movement_id` differ after a
    movement of everybody at a site, because one report moves many households.
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
    """The numbers of persons in the three IRIS sub-stocks: in displacement, in return, and settled elsewhere.

    `confirmed_on` is the day on which somebody last saw the displaced people. `is_return_presumed` is true after a
    lifted evacuation, until a person confirms the return.
    """

    displaced: Clear[Persons]
    returned: Clear[Persons]
    settled: Clear[Persons]
    confirmed_on: Clear[date]
    is_return_presumed: Clear[bool] = False


class HouseholdRegistered(EventData):
    """The household after this event.

    A consumer ignores the event if it has stored the same or a higher `sequence`.

    `reported_on` is the day of the first report about the displacement. `displacement` is set only if the report is not
    about the household's current displacement. `latest_mobility` is `unable_to_move` if a later report says that the
    household is trapped at its new place. Most of the displaced people are at `destination`. `whereabouts` is None
    until a movement is reported. Without `whereabouts`, all `persons` are displaced, and `confirmed_on` is the day of
    the report. Events of earlier releases of Dayar lack `reported_on` and `confirmed_on`. `evacuation` is the kind of
    evacuation, if the report states the kind. If `is_urgent` is true, the household's latest report says that the
    people need help at once.
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
    """A movement changed or confirmed where the people of the household are.

    If people were forced onward, `displacement` is the new displacement. The `report_id` of the new displacement is the
    report of the movement. The `origin` of the new displacement is the place that the people left. If the new
    displacement proves to be wrong, its `origin` is unknown.
    """

    event_type: ClassVar[str] = "dayar.household.status_changed.v1"


class HouseholdHeld(EventData):
    """The newest held report about a household that is not registered.

    The people of a held report never count as registered.

    If `is_held` is false, no report about the household waits: the household is registered, or its reports were
    refused. A consumer ignores the event if it has stored the same or a higher `sequence` of `HouseholdHeld`.
    `HouseholdRegistered` has separate sequences.
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

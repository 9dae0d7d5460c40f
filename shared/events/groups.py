"""The registry's events about counts of groups.

Localities and shelter are not encrypted, because events about counts never name a person.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.events.envelope import EventData
from shared.events.fields import Clear, Data, Instant, Line, PCode, Persons, Place
from shared.events.vocabulary import (
    HazardType,
    HouseholdUnit,
    Measure,
    Mobility,
    Precision,
    Quantifier,
    Reason,
    Shelter,
    Status,
)


class GroupWhereabouts(Data):
    """The people of a count after movements.

    People are either still displaced at the place of the count, or returned, or settled elsewhere. `confirmed_on` is
    the day of the last movement or confirmation. `is_return_presumed` is true after a lifted evacuation, until a person
    confirms the return.
    """

    displaced: Clear[Persons]
    returned: Clear[Persons]
    settled: Clear[Persons]
    confirmed_on: Clear[date]
    is_return_presumed: Clear[bool] = False


class RegisteredPeople(Data):
    """Registered households near the counted people.

    On the day `occurred_on`, these households left the district of the counted people. `persons` and `households`
    include only people at the place of the count. `stated_persons` and `stated_households` also include people at other
    places in the same district. For each place and day, the number of households is rounded down to a multiple of five,
    because an exact number could show where a single household is.
    """

    occurred_on: Clear[date]
    mobility: Clear[Mobility]
    persons: Clear[Persons]
    households: Clear[Persons]
    stated_persons: Clear[Persons]
    stated_households: Clear[Persons]


class PlaceComparison(Data):
    """The registered people who may be among the counted people.

    `registered` groups them by the day on which they left. Counts at the same site or locality have the same
    `place_id`. For a count of everybody at a site, `registered` is empty, because this count has no origin. For a count
    of everybody at a site, `included_persons` and `included_households` are registered people with a known origin.
    Included people were at the site at the time of the count. The numbers of included people are rounded down to a
    multiple of five households.
    """

    place_id: Clear[UUID]
    registered: Clear[tuple[RegisteredPeople, ...]] = ()
    included_persons: Clear[Persons] = 0
    included_households: Clear[Persons] = 0


class GroupCounted(EventData):
    """One count of a group after this event.

    A consumer ignores the event if it has stored the same or a higher `sequence`.

    People who were transferred or forced onward become a separate count. The event of this separate count is
    `GroupStatusChanged`. The `movement_id` of such a count is the report of the movement. The `report_id` of such a
    count belongs to no report. Without `whereabouts`, all `persons` are displaced where they were counted.

    Counts with the same `stock_id` count the same people, so their numbers are never added. If several counts with one
    `stock_id` are in effect, the teams disagree. The number of people is then between the lowest and the highest count.
    `superseded_by` is the report of the full recount that replaced this count. A replaced count no longer has effect.
    `replaces` are the reports that this full recount replaces. Each replaced report also has its own event. The event
    of a replaced report can come later, because it is on another partition. If `covers_site` is true, the count
    includes everybody at the site, and earlier counts at the site are not added. If `counted_at_precision` is not
    `hour`, `counted_at` is the end of the stated day or, if earlier, the time of the report.

    `comparison` compares the count with the registered people. Without `comparison`, the last comparison of the count
    stays valid.
    """

    event_type: ClassVar[str] = "dayar.group.counted.v1"
    topic: ClassVar[str] = "groups"
    key_field: ClassVar[str] = "group_id"

    group_id: Clear[UUID]
    report_id: Clear[UUID]
    version: Clear[int]
    sequence: Clear[int]
    status: Clear[Status]
    stock_id: Clear[UUID]
    superseded_by: Clear[UUID | None] = None
    replaces: Clear[tuple[UUID, ...]] = ()
    measure: Clear[Measure]
    mobility: Clear[Mobility]
    persons: Clear[Persons]
    quantifier: Clear[Quantifier]
    persons_estimated: Clear[bool] = False
    households: Clear[Persons | None] = None
    household_unit: Clear[HouseholdUnit] = HouseholdUnit.FAMILIES
    counted_at: Clear[Instant]
    counted_at_precision: Clear[Precision]
    reported_at: Clear[Instant | None] = None
    is_full_recount: Clear[bool] = False
    covers_site: Clear[bool] = False
    occurred_on: Clear[date]
    occurred_on_precision: Clear[Precision]
    recorded_on: Clear[date]
    origin: Clear[Place]
    destination: Clear[Place]
    origin_locality: Clear[Line | None] = None
    origin_locality_pcode: Clear[PCode | None] = None
    destination_locality: Clear[Line | None] = None
    destination_locality_pcode: Clear[PCode | None] = None
    site_id: Clear[UUID | None] = None
    shelter: Clear[Shelter] = Shelter.UNKNOWN
    reasons: Clear[tuple[Reason, ...]]
    hazard_type: Clear[HazardType | None] = None
    hazard_id: Clear[UUID | None] = None
    is_urgent: Clear[bool] = False
    author: Clear[UUID]
    team: Clear[UUID | None] = None
    places_version: Clear[str | None] = None
    movement_id: Clear[UUID | None] = None
    whereabouts: Clear[GroupWhereabouts | None] = None
    comparison: Clear[PlaceComparison | None] = None

    @property
    def displaced_now(self) -> int:
        return self.persons if self.whereabouts is None else self.whereabouts.displaced

    @property
    def households_now(self) -> int | None:
        """The number of households that are still displaced, estimated from the persons."""
        if self.households is None or not self.persons:
            return self.households
        return -(-self.households * self.displaced_now // self.persons)


class GroupCorrected(GroupCounted):
    """A new version of the count's report took effect."""

    event_type: ClassVar[str] = "dayar.group.corrected.v1"


class GroupStatusChanged(GroupCounted):
    """Another report changed this count.

    A count changes after a movement of people, and after a full recount that replaces the count or no longer replaces
    the count. The registry also publishes this event if the number of registered people at the place of the count
    changed.
    """

    event_type: ClassVar[str] = "dayar.group.status_changed.v1"


class GroupHeld(EventData):
    """The newest held count of a group that is not registered.

    The fields mean the same as in `GroupCounted`. Localities are left out. If `is_held` is false, no count of the group
    waits: the group is registered, or its counts were refused. A consumer ignores the event if it has stored the same
    or a higher `sequence` of `GroupHeld`; `GroupCounted` has separate sequences. A recorded count with the same
    `stock_id` counts the same people. `reported_on` is the day of the count. If the day of the count is unknown,
    `reported_on` is the day of the report.
    """

    event_type: ClassVar[str] = "dayar.group.held.v1"
    topic: ClassVar[str] = "groups"
    key_field: ClassVar[str] = "group_id"

    group_id: Clear[UUID]
    report_id: Clear[UUID]
    version: Clear[int]
    sequence: Clear[int]
    is_held: Clear[bool]
    status: Clear[Status]
    stock_id: Clear[UUID]
    measure: Clear[Measure]
    mobility: Clear[Mobility]
    persons: Clear[Persons]
    households: Clear[Persons | None] = None
    household_unit: Clear[HouseholdUnit] = HouseholdUnit.FAMILIES
    occurred_on: Clear[date]
    occurred_on_precision: Clear[Precision]
    origin: Clear[Place]
    destination: Clear[Place]
    places_version: Clear[str | None] = None
    reported_on: Clear[date | None] = None

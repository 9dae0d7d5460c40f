"""The registry's events about counts of groups.

Localities and shelter are not encrypted, because no event about counts names a person.
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
    """The people of a count after movements: still displaced where they were counted, returned, and settled elsewhere.

    `confirmed_on` is the day of the last movement or confirmation. `is_return_presumed` says that an evacuation was
    lifted and that nobody has confirmed the return.
    """

    displaced: Clear[Persons]
    returned: Clear[Persons]
    settled: Clear[Persons]
    confirmed_on: Clear[date]
    is_return_presumed: Clear[bool] = False


class RegisteredPeople(Data):
    """Registered households that left the counted people's district on one day, and are now near the counted people.

    `persons` and `households` are at the place of the count. `stated_persons` and `stated_households` also include the
    people whose reports state another place in the same district. For each place and day, the number of households is
    rounded down to a multiple of five. An exact number could show where a single household is.
    """

    occurred_on: Clear[date]
    mobility: Clear[Mobility]
    persons: Clear[Persons]
    households: Clear[Persons]
    stated_persons: Clear[Persons]
    stated_households: Clear[Persons]


class PlaceComparison(Data):
    """The registered people who may be among the counted people, by the day on which they left.

    Counts at the same site or locality have the same `place_id`. A count of everybody at a site states no origin, so
    the comparison of this count has no `registered` people. `included_persons` and `included_households` are the
    registered people of known origin who were at the site when the count was made. Both numbers are rounded down to a
    multiple of five households.
    """

    place_id: Clear[UUID]
    registered: Clear[tuple[RegisteredPeople, ...]] = ()
    included_persons: Clear[Persons] = 0
    included_households: Clear[Persons] = 0


class GroupCounted(EventData):
    """One count of a group after this event.

    Consumers ignore an event whose `sequence` is not higher than the `sequence` that they have stored.

    People who were transferred or forced onward are a separate count of the type `status_changed`. A count of the type
    `status_changed` has a `report_id` that belongs to no report; its `movement_id` is the report of the movement.
    Without `whereabouts`, all `persons` are displaced where they were counted.

    Counts with the same `stock_id` count the same people, so their persons are never added up. If several counts with
    one `stock_id` are in effect, the teams disagree, and the number of people lies between the lowest and the highest
    count. `superseded_by` is the report of the full recount that replaced this count; a replaced count no longer has
    effect. `replaces` are the reports that this full recount replaces from now on. Each replaced report also has a
    separate event, which may come later, because it is on another partition. If `covers_site` is true, everybody at the
    site was counted, so earlier counts at the site are not added. If `counted_at_precision` is not `hour`, nobody
    stated the hour of the count. Without a stated hour, `counted_at` is the end of the stated day or, if earlier, the
    time of the report.

    `comparison` is set if the registry has compared the count with the registered people. Without `comparison`, the
    last comparison of the count stays valid.
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
        """Estimated from the number of persons."""
        if self.households is None or not self.persons:
            return self.households
        return -(-self.households * self.displaced_now // self.persons)


class GroupCorrected(GroupCounted):
    """A new version of the count's report took effect."""

    event_type: ClassVar[str] = "dayar.group.corrected.v1"


class GroupStatusChanged(GroupCounted):
    """Another report changed this count: a full recount replaced it, or no longer replaces it, or people moved.

    The registry also publishes this event if the number of registered people at the place of the count changed.
    """

    event_type: ClassVar[str] = "dayar.group.status_changed.v1"


class GroupHeld(EventData):
    """The newest held count of a group that is not registered, without localities. The fields are as in `GroupCounted`.

    If `is_held` is false, no count of the group waits any more: the group is registered, or its counts were refused.
    Consumers ignore an event whose `sequence` is not higher than the `sequence` that they have stored. The sequences of
    `GroupHeld` and of `GroupCounted` are not comparable. If a recorded count has the same `stock_id`, the held count
    counts the same people. `reported_on` is the day of the count or, if it is not known, of the report.
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

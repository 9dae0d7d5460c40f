"""Reports of what happened to displaced people later: request bodies (`…Report`) and sealed events (`…Reported`)."""

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import FailFast, Field, model_validator

from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.displacements import Stamped
from shared.events.fields import (
    Body,
    Clear,
    Data,
    Instant,
    Line,
    PCode,
    Persons,
    Place,
    Point,
    RandomId,
    Sealed,
    Text,
    Version,
)
from shared.events.short_codes import ShortCode, check_code
from shared.events.vocabulary import TO_THE_DAY, Movement, Precision, Shelter, Status

# These movements need a destination.
NEED_A_DESTINATION = (Movement.TRANSFERRED, Movement.DISPLACED_AGAIN, Movement.RELOCATED, Movement.ENTERED_COUNTRY)
# These movements can have a destination. A return without a destination leads to the origin.
HAVE_A_DESTINATION = (
    *NEED_A_DESTINATION,
    Movement.RETURNED,
    Movement.SETTLED_ELSEWHERE,
    Movement.LEFT_COUNTRY,
)
# The movements of everybody at a site. DIED is missing, because not everybody at a site dies. SOLUTION_ASSESSED is
# missing, because durable solutions are assessed for households or groups. ENTERED_COUNTRY is missing, because people
# who enter the country are reported by household or group.
OF_SITES = (
    Movement.CONFIRMED_HERE,
    Movement.TRANSFERRED,
    Movement.DISPLACED_AGAIN,
    Movement.RETURNED,
    Movement.SETTLED_ELSEWHERE,
    Movement.INTENDS_TO_STAY,
    Movement.RELOCATED,
    Movement.LEFT_COUNTRY,
    Movement.CONTACT_LOST,
    Movement.EVACUATION_LIFTED,
)
OF_GROUPS = (
    *OF_SITES,
    Movement.ENTERED_COUNTRY,
    Movement.DIED,
    Movement.SOLUTION_ASSESSED,
)
Moved = Annotated[Persons, Field(ge=1)]


class MovementClear(Data):
    """The unencrypted fields of every movement report.

    Without `persons`, all the people moved. A correction repeats the whole report, with `version` + 1. `is_reversed`
    says that the movement never happened.
    """

    report_id: Clear[RandomId]
    version: Clear[Version] = 1
    status: Clear[Status] = Status.ACTUAL
    movement: Clear[Movement]
    occurred_at: Clear[Instant]
    occurred_at_precision: Clear[Precision] = Precision.DAY
    reported_at: Clear[Instant]
    destination: Clear[Place | None] = None
    persons: Clear[Moved | None] = None
    is_reversed: Clear[bool] = False

    @property
    def origin(self) -> Place | None:
        """Always None: only the registry knows where the people were before the movement."""
        return None

    @property
    def origin_point(self) -> Point | None:
        return None

    @property
    def pcode(self) -> str | None:
        return self.destination.pcode if self.destination else None


class HouseholdMovementClear(MovementClear):
    """Without `household_id`, the report names the household by its short code, which is encrypted."""

    kind: Clear[Literal["household_movement"]]
    household_id: Clear[RandomId | None] = None


class GroupMovementClear(MovementClear):
    """`persons` is the number of counted people who moved."""

    kind: Clear[Literal["group_movement"]]
    group_id: Clear[RandomId]


class SiteMovementClear(MovementClear):
    """Everybody at a site moved: all registered households and all counted groups at the site."""

    kind: Clear[Literal["site_movement"]]
    site_id: Clear[UUID]


class MovementSealed(Data):
    """The encrypted fields. Only the registry's worker can read these fields."""

    destination_site_id: Sealed[UUID | None] = None
    destination_point: Sealed[Point | None] = None
    destination_locality: Sealed[Line | None] = None
    destination_locality_pcode: Sealed[PCode | None] = None
    shelter: Sealed[Shelter] = Shelter.UNKNOWN
    notes: Sealed[Text | None] = None


class HouseholdMovementSealed(MovementSealed):
    """`member_ids` are the members who moved.

    Without `member_ids` and `persons`, the whole household moved. `household_code` is the short code of a household
    whose id the author does not know.
    """

    household_code: Sealed[ShortCode | None] = None
    member_ids: Sealed[Annotated[tuple[RandomId, ...], Field(max_length=60), FailFast()]] = ()


class MovementBody(MovementClear, MovementSealed, Body):
    """The fields that all bodies of `POST /intake/v1/movements` share."""

    @model_validator(mode="after")
    def destination_fits(self) -> "MovementBody":
        check_destination(self.movement, self.destination)
        check_place(self, self.movement)
        return self

    @model_validator(mode="after")
    def reversal_fits(self) -> "MovementBody":
        if self.is_reversed and self.version == 1:
            raise ValueError("a `version` above 1 is expected with `is_reversed`")
        return self


class HouseholdMovementReport(HouseholdMovementClear, HouseholdMovementSealed, MovementBody):
    """The body for a household with an earlier report. The body names the household by its id or its short code."""

    @model_validator(mode="after")
    def household_is_named(self) -> "HouseholdMovementReport":
        if (self.household_id is None) == (self.household_code is None):
            raise ValueError("either `household_id` or `household_code` is expected")
        check_code(self.household_code)
        return self

    @model_validator(mode="after")
    def members_fit(self) -> "HouseholdMovementReport":
        if self.member_ids and self.persons not in (None, len(set(self.member_ids))):
            raise ValueError("`persons` is expected to equal the number of `member_ids`, where these are given")
        return self


class GroupMovementReport(GroupMovementClear, MovementBody):
    """The body for a group with an earlier count."""

    @model_validator(mode="after")
    def movement_fits(self) -> "GroupMovementReport":
        check_movement(self.movement, OF_GROUPS)
        if self.movement is Movement.DIED and self.persons is None:
            raise ValueError("`persons` is expected: the number of people of the group who died")
        return self


class SiteMovementReport(SiteMovementClear, MovementBody):
    """The body for all people at a site."""

    @model_validator(mode="after")
    def movement_fits(self) -> "SiteMovementReport":
        check_movement(self.movement, OF_SITES)
        if self.persons is not None:
            raise ValueError("no `persons` is expected: everybody at the site moved")
        if self.occurred_at_precision not in TO_THE_DAY:
            raise ValueError("a day or an hour is expected, because other people may come to the site later")
        return self


MovementReport = Annotated[
    HouseholdMovementReport | GroupMovementReport | SiteMovementReport, Field(discriminator="kind")
]


def check_movement(movement: Movement, possible: Collection[Movement]) -> None:
    if movement not in possible:
        raise ValueError(f"a movement of counted people is expected: {', '.join(possible)}")


def check_place(report: MovementSealed, movement: Movement) -> None:
    """Raises ValueError if the report describes a destination, but the movement has no destination."""
    described = report.destination_site_id, report.destination_locality, report.destination_point
    if report.destination_locality_pcode and not report.destination_locality:
        raise ValueError("`destination_locality` is expected with `destination_locality_pcode`")
    if (any(described) or report.shelter is not Shelter.UNKNOWN) and movement not in HAVE_A_DESTINATION:
        raise ValueError("no `shelter`, and no site, locality or point of a destination, is expected for this movement")


def check_destination(movement: Movement, destination: Place | None) -> None:
    if destination is None:
        if movement in NEED_A_DESTINATION:
            raise ValueError("`destination` is expected for this movement")
        return
    if movement not in HAVE_A_DESTINATION:
        raise ValueError("no `destination` is expected for this movement")
    is_abroad = destination.pcode is None and destination.country != COUNTRY
    if movement is Movement.LEFT_COUNTRY and not is_abroad:
        raise ValueError("a `destination` in another country is expected for this movement")
    if movement is Movement.ENTERED_COUNTRY and is_abroad:
        raise ValueError("a `destination` in this country is expected for this movement")
    if movement is not Movement.LEFT_COUNTRY and is_abroad and destination.country != UNKNOWN_COUNTRY:
        raise ValueError("a `destination` in this country is expected for this movement; abroad it is `left_country`")


class MovementStamped(Stamped):
    """`registrar_areas` are the author's areas, if the author is a registrar.

    For a movement of a site, the author can also be an operator or duty head. The registry checks whether the people
    are in `registrar_areas`.
    """

    registrar_areas: Clear[tuple[PCode, ...]] = ()


class HouseholdMovementReported(HouseholdMovementClear, MovementStamped):
    """The event type is the same for all versions of a report."""

    event_type: ClassVar[str] = "dayar.displacement.movement_reported.v1"
    topic: ClassVar[str] = "displacements"
    key_field: ClassVar[str] = "household_id"

    @property
    def key(self) -> UUID:
        """Without `household_id`, the key is the report's id, because only the registry can find the household."""
        return self.household_id or self.report_id


class GroupMovementReported(GroupMovementClear, MovementStamped):
    event_type: ClassVar[str] = HouseholdMovementReported.event_type
    topic: ClassVar[str] = "displacements"
    key_field: ClassVar[str] = "group_id"


class SiteMovementReported(SiteMovementClear, MovementStamped):
    event_type: ClassVar[str] = HouseholdMovementReported.event_type
    topic: ClassVar[str] = "displacements"
    key_field: ClassVar[str] = "site_id"

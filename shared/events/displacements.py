"""Reports of displaced households and groups: request bodies (`…Report`) and sealed events (`…Reported`)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import FailFast, Field, model_validator

from shared.country import TIME_ZONE
from shared.events.envelope import EventData
from shared.events.fields import (
    Body,
    Clear,
    Country,
    Data,
    Instant,
    Line,
    Name,
    PCode,
    Persons,
    Phone,
    Place,
    Point,
    RandomId,
    Sealed,
    Text,
    UncorrectedTimes,
    Version,
)
from shared.events.functioning import YOUNGEST, Functioning, is_too_young
from shared.events.short_codes import ShortCode, check_code
from shared.events.vocabulary import (
    AgeBracket,
    Disability,
    Evacuation,
    Flag,
    HazardType,
    HouseholdUnit,
    Intention,
    LegalBasis,
    Measure,
    Mobility,
    Need,
    Precision,
    Quantifier,
    Reason,
    Relationship,
    Sex,
    Shelter,
    SourceType,
    Status,
    SubmissionChannel,
)


class Person(Body):
    """One member of a household.

    `functioning` contains the answers to the Washington Group's questions, for persons from the age of 5.
    `disabilities` are disabilities that somebody noticed without these questions.
    """

    member_id: Sealed[RandomId]
    relationship: Sealed[Relationship] = Relationship.UNKNOWN
    sex: Sealed[Sex] = Sex.UNKNOWN
    birth_date: Sealed[date | None] = None
    birth_year: Sealed[Annotated[int, Field(ge=1900, le=2100)] | None] = None
    age: Sealed[Annotated[int, Field(ge=0, le=130)] | None] = None  # in completed years
    age_reported_on: Sealed[date | None] = None  # the day on which `age` was correct
    given_name: Sealed[Name | None] = None
    family_name: Sealed[Name | None] = None
    patronymic: Sealed[Name | None] = None
    phone: Sealed[Phone | None] = None
    personal_number: Sealed[Annotated[str, Field(pattern=r"^[0-9]{14}$")] | None] = None
    disabilities: Sealed[Annotated[tuple[Disability, ...], Field(max_length=6), FailFast()]] = ()
    functioning: Sealed[Functioning | None] = None
    is_pregnant: Sealed[bool | None] = None
    is_displaced: Sealed[bool] = True


class SexAgeCount(Body):
    sex: Sealed[Sex]
    age: Sealed[AgeBracket]
    count: Sealed[Persons]


class Sharing(Body):
    """A consent to share data with a recipient for a purpose. `person_level` permits data of single persons."""

    recipient: Sealed[Line]
    purpose: Sealed[Line]
    person_level: Sealed[bool] = False


class ReportClear(Data):
    """The unencrypted fields of every displacement report. If `is_urgent` is true, the people need help at once."""

    report_id: Clear[RandomId]
    version: Clear[Version] = 1
    status: Clear[Status] = Status.ACTUAL
    occurred_at: Clear[Instant]
    occurred_at_precision: Clear[Precision] = Precision.DAY
    reported_at: Clear[Instant]
    mobility: Clear[Mobility] = Mobility.DISPLACEMENT
    evacuation: Clear[Evacuation | None] = None
    origin: Clear[Place]
    destination: Clear[Place]
    persons: Clear[Persons]
    reasons: Clear[Annotated[tuple[Reason, ...], Field(min_length=1, max_length=3), FailFast()]] = (
        Reason.NOT_REPORTED,
    )
    hazard_type: Clear[HazardType | None] = None
    hazard_id: Clear[UUID | None] = None
    is_urgent: Clear[bool] = False

    @property
    def pcode(self) -> str | None:
        """The P-code of the destination. If the destination is abroad, the P-code of the origin."""
        return self.destination.pcode or self.origin.pcode


class HouseholdClear(ReportClear):
    kind: Clear[Literal["household"]]
    household_id: Clear[RandomId]


class GroupClear(ReportClear):
    """The unencrypted fields of a count, which do not identify any person.

    If `counted_at` is None, `reported_at` is the time of the count. If `persons_estimated` is true, `persons` was
    estimated from `households`. Only a full recount replaces earlier counts of the same people. `site_id` is the site
    where the people are now. If `site_id` is set, `destination` and `destination_locality` are the place of the site.
    `origin_locality_pcode` and `destination_locality_pcode` are codes of settlements in the gazetteer. A code is set if
    the author chose the settlement from a list. Intake adds a code if the district has exactly one settlement with the
    stated name.
    """

    kind: Clear[Literal["group"]]
    group_id: Clear[RandomId]
    measure: Clear[Measure]
    quantifier: Clear[Quantifier] = Quantifier.EXACT
    persons_estimated: Clear[bool] = False
    households: Clear[Persons | None] = None
    households_quantifier: Clear[Quantifier | None] = None
    household_unit: Clear[HouseholdUnit] = HouseholdUnit.FAMILIES
    counted_at: Clear[Instant | None] = None
    counted_at_precision: Clear[Precision] = Precision.HOUR
    is_full_recount: Clear[bool] = False
    origin_locality: Clear[Line | None] = None
    origin_locality_pcode: Clear[PCode | None] = None
    destination_locality: Clear[Line | None] = None
    destination_locality_pcode: Clear[PCode | None] = None
    site_id: Clear[UUID | None] = None
    shelter: Clear[Shelter] = Shelter.UNKNOWN


class ReportSealed(Data):
    """The encrypted fields. Only the registry's worker can read these fields."""

    origin_point: Sealed[Point | None] = None
    destination_point: Sealed[Point | None] = None
    reason_text: Sealed[Line | None] = None
    sex_age: Sealed[Annotated[tuple[SexAgeCount, ...], Field(max_length=18), FailFast()]] = ()
    needs: Sealed[Annotated[tuple[Need, ...], Field(max_length=11), FailFast()]] = ()
    intention: Sealed[Intention] = Intention.UNKNOWN
    notes: Sealed[Text | None] = None


class HouseholdSealed(ReportSealed):
    """`site_id` is the site where the household is now.

    Without a site, `destination_locality` can name the place. The phone draws `short_code` for a new household. With
    this code, another team can report a movement of the household. `contact_name` is the name of the head or of a
    contact person, for a short report without members.
    """

    short_code: Sealed[ShortCode | None] = None
    origin_locality: Sealed[Line | None] = None
    origin_locality_pcode: Sealed[PCode | None] = None
    destination_locality: Sealed[Line | None] = None
    destination_locality_pcode: Sealed[PCode | None] = None
    site_id: Sealed[UUID | None] = None
    shelter: Sealed[Shelter] = Shelter.UNKNOWN
    is_whole_household: Sealed[bool] = True
    members: Sealed[Annotated[tuple[Person, ...], Field(max_length=60), FailFast()]] = ()
    contact_name: Sealed[Line | None] = None
    phone: Sealed[Phone | None] = None
    citizenship: Sealed[Country | None] = None
    legal_basis: Sealed[LegalBasis] = LegalBasis.UNKNOWN
    sharing: Sealed[Annotated[tuple[Sharing, ...], Field(max_length=20), FailFast()]] = ()


class GroupSealed(ReportSealed):
    source_type: Sealed[SourceType] = SourceType.UNKNOWN


class HouseholdReport(HouseholdClear, HouseholdSealed, Body):
    """The body of `POST /intake/v1/displacements` for one household.

    A correction repeats the whole report, with `version` + 1.
    """

    @model_validator(mode="after")
    def members_fit(self) -> "HouseholdReport":
        check_code(self.short_code)
        check_counts(self.sex_age, self.persons)
        check_evacuation(self.evacuation, self.mobility)
        check_localities(self)
        if self.members and len(self.members) != self.persons:
            raise ValueError("`persons` is expected to equal the number of `members`, where members are given")
        if len({member.member_id for member in self.members}) != len(self.members):
            raise ValueError("each `member_id` is expected once")
        check_functioning(self.members, self.reported_at)
        return self


class GroupReport(GroupClear, GroupSealed, Body):
    """The body of `POST /intake/v1/displacements` for a counted group, without names of persons."""

    @model_validator(mode="after")
    def counts_fit(self) -> "GroupReport":
        check_counts(self.sex_age, self.persons)
        check_evacuation(self.evacuation, self.mobility)
        check_localities(self)
        return self


def check_counts(sex_age: Sequence[SexAgeCount], persons: int) -> None:
    """Raises ValueError if the sum of the counts is greater than `persons`."""
    if sum(count.count for count in sex_age) > persons:
        raise ValueError("the counts of `sex_age` are expected to be no more than `persons` together")


def check_functioning(members: Sequence[Person], reported_at: datetime) -> None:
    """Raises ValueError if a member with answers about functioning is known to be too young."""
    for number, member in enumerate(members):
        if member.functioning is not None and is_too_young(member, reported_at.astimezone(TIME_ZONE).date()):
            raise ValueError(f"`members/{number}/functioning` is expected only from the age of {YOUNGEST} years")


def check_evacuation(evacuation: Evacuation | None, mobility: Mobility) -> None:
    if evacuation and mobility is not Mobility.EVACUATION:
        raise ValueError("`evacuation` is expected only with the mobility `evacuation`")


def check_localities(report: HouseholdSealed | GroupClear) -> None:
    """Raises ValueError if a settlement has a code without a name. Readers without a gazetteer need the name."""
    for side in ("origin", "destination"):
        if getattr(report, f"{side}_locality_pcode") and not getattr(report, f"{side}_locality"):
            raise ValueError(f"`{side}_locality` is expected with `{side}_locality_pcode`")


DisplacementReport = Annotated[HouseholdReport | GroupReport, Field(discriminator="kind")]


class SealedBox(Data):
    """Encrypted fields (see `docs/protection.md`). `key`, `nonce` and `data` are unpadded base64url."""

    v: Literal[1] = 1
    kid: str
    key: str
    nonce: str
    data: str


class UncorrectedReportTimes(UncorrectedTimes):
    occurred_at: Clear[Instant | None] = None
    counted_at: Clear[Instant | None] = None


class Stamped(EventData):
    """The fields that intake adds to a report.

    The values of these fields come from the author's token, from intake's clock, and from intake's checks.
    """

    author: Clear[UUID]
    team: Clear[UUID | None] = None
    channel: Clear[SubmissionChannel]
    received_at: Clear[Instant]
    places_version: Clear[str | None] = None
    flags: Clear[tuple[Flag, ...]] = ()
    uncorrected: Clear[UncorrectedReportTimes | None] = None
    sealed: SealedBox


class HouseholdReported(HouseholdClear, Stamped):
    event_type: ClassVar[str] = "dayar.displacement.household_reported.v1"
    topic: ClassVar[str] = "displacements"
    key_field: ClassVar[str] = "household_id"


class GroupReported(GroupClear, Stamped):
    event_type: ClassVar[str] = "dayar.displacement.group_reported.v1"
    topic: ClassVar[str] = "displacements"
    key_field: ClassVar[str] = "group_id"


class HouseholdCorrectionReported(HouseholdReported):
    event_type: ClassVar[str] = "dayar.displacement.correction_reported.v1"


class GroupCorrectionReported(GroupReported):
    event_type: ClassVar[str] = "dayar.displacement.correction_reported.v1"

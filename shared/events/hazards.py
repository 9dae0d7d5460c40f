"""Hazard reports from people and from measuring systems, without personal data. Public hazards have their own topic."""

import re
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, FailFast, Field, model_validator

from shared.events.areas import Area, ReportedArea
from shared.events.envelope import EventData, derived_id
from shared.events.fields import Body, Data, Instant, Line, PCode, RandomId, Text, UncorrectedTimes, Version
from shared.events.vocabulary import (
    Certainty,
    Flag,
    HazardType,
    ImpactLevel,
    MsgType,
    Scope,
    Severity,
    Status,
    SubmissionChannel,
    Urgency,
)

Mmi = Annotated[float, Field(ge=0, le=12)]
FeltReports = Annotated[int, Field(ge=0, le=10_000_000)]


class SourceShaking(Body):
    """The shaking of an earthquake, as the source states.

    The intensities are on the MMI scale, not on MSK-64. `mmi` is the highest modelled intensity. `cdi` is the highest
    intensity that people reported. `felt_reports` is the number of these people's reports. The place with the highest
    intensity may be outside the country.
    """

    mmi: Mmi | None = None
    cdi: Mmi | None = None
    felt_reports: FeltReports | None = None
    impact: ImpactLevel | None = None


class HazardText(Body):
    headline: Line
    description: Text | None = None
    instruction: Text | None = None


Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
# The texts are sorted by language, so that two copies of a report have the same JSON.
Texts = Annotated[
    dict[Language, HazardText], Field(max_length=9), AfterValidator(lambda texts: dict(sorted(texts.items())))
]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
SourceId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
# the type in the spelling of the seismic network, such as mww or mb
MagnitudeType = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9()_-]{0,19}$")]
Web = Annotated[str, Field(pattern=r"^https?://[^\x00-\x20\x7f]+$", max_length=500)]


OF_ACCOUNT = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
RESTRICTED_HAZARDS = "hazards-restricted"  # hazards whose scope is Restricted or Private
CENTRE = "cmc"  # the `source` of events that people of the centre enter
FIELD_TEAMS = "field"  # the `source` of hazards that field teams saw
OF_PEOPLE = frozenset({CENTRE, FIELD_TEAMS})  # with these sources, a `source_id` contains a person's account
# the `author` of all releases to the public, because a release must not name a person
CENTRE_ACCOUNT = derived_id("account", CENTRE)
RELEASED_FIELDS = frozenset(
    {
        "kind",
        "report_id",
        "version",
        "status",
        "source",
        "source_id",
        "revision",
        "released_revision",
        "scope",
        "msg_type",
        "type",
        "urgency",
        "severity",
        "certainty",
        "area",
        "locality_pcode",
        "onset",
        "expires",
        "reported_at",
        "text",
    }
)
# A withdrawal of a release can name the hazard by this prefix and the hazard's id, in place of the `source_id`. The
# person who withdraws the release may not know the `source_id`.
WITHDRAWN_HAZARD = "hazard:"
# The largest difference between the revision of a release and the released revision. Without a limit, a release with
# the highest possible revision would prevent all later releases. Withdrawals have a higher limit, so that each release
# can be withdrawn.
RELEASES_AT_MOST, WITHDRAWALS_AT_MOST = 1000, 2000


def enterer(source: str, source_id: str) -> UUID | None:
    """Return the account that entered the event.

    An event that a person entered has the `source_id` "<account>/<number>".
    """
    own = OF_ACCOUNT.match(source_id) if source in OF_PEOPLE else None
    return UUID(own[1]) if own else None


class HazardFields(Data):
    """The content of a hazard report.

    `source_id` is the source's preferred id of the hazard. `aliases` are all other ids of the hazard.

    A report with `released_revision` is a release to the public. The release publishes chosen fields of this revision
    of a restricted hazard. If the area's `description` names a settlement, `locality_pcode` is the code of the
    settlement in the gazetteer.
    """

    report_id: RandomId
    version: Version = 1
    status: Status = Status.ACTUAL
    source: SourceName
    source_id: SourceId
    aliases: Annotated[tuple[SourceId, ...], Field(max_length=50), FailFast()] = ()
    revision: Annotated[int, Field(ge=0, le=2**53)] = 1
    released_revision: Annotated[int, Field(ge=0, le=2**53)] | None = None
    msg_type: MsgType = MsgType.ALERT
    type: HazardType
    type_text: Line | None = None
    urgency: Urgency = Urgency.UNKNOWN
    severity: Severity = Severity.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    magnitude: Annotated[float, Field(ge=-5, le=12)] | None = None
    magnitude_type: MagnitudeType | None = None
    depth_km: Annotated[float, Field(ge=-10, le=1000)] | None = None
    shaking: SourceShaking | None = None
    area: Area
    # not in `area`, because an earlier release of Dayar refuses unknown fields there
    locality_pcode: PCode | None = None
    onset: Instant
    expires: Instant | None = None
    reported_at: Instant
    text: Texts = Field(default_factory=dict)
    web: Annotated[str, Field(pattern=r"^https?://[^\x00]*$", max_length=500)] | None = None


class HazardReport(HazardFields, Body):
    """The body of `POST /intake/v1/hazards`.

    An update or cancellation repeats the whole report, with `msg_type` Update or Cancel and a higher `revision`. The
    repeated report has a new `report_id`, or the same `report_id` with `version` + 1. `revision` is by default equal to
    `version`. Intake decides the `scope`. The report of another system keeps its stated scope. A report without a scope
    becomes Restricted, or Private if an earlier revision is Private. A release to the public (`released_revision`) is
    Public. An operator or duty head may release the hazard of any author.
    """

    scope: Scope | None = None
    area: ReportedArea
    web: Web | None = None

    @model_validator(mode="after")
    def supersedes(self) -> "HazardReport":
        """Raises ValueError for an update or a cancellation with `revision` 1. Consumers use the highest revision."""
        if "revision" not in self.model_fields_set:
            # set in `__dict__`, because the frozen model forbids an assignment
            self.__dict__["revision"] = self.version
        if self.msg_type is not MsgType.ALERT and self.revision <= 1:
            raise ValueError(
                "`revision` (or `version`) is expected to be higher than that of what is updated or cancelled"
            )
        return self

    @model_validator(mode="after")
    def is_whole_release(self) -> "HazardReport":
        """Raises ValueError for an invalid release to the public, for example for a release without its own text.

        The original text of a restricted hazard is not for the public.
        """
        if self.released_revision is None:
            return self
        if self.revision <= self.released_revision:
            raise ValueError("`revision` is expected to be higher than `released_revision`")
        if self.scope not in (None, Scope.PUBLIC):
            raise ValueError("a release is expected to have the `scope` Public")
        if not self.text and self.msg_type is not MsgType.CANCEL:
            raise ValueError("a release is expected to have a public `text`")
        return self

    @model_validator(mode="after")
    def releases_only_known_fields(self) -> "HazardReport":
        """Raises ValueError for a release to the public with a field that the page for releases does not offer."""
        if self.released_revision is None:
            return self
        others = self.model_fields_set - RELEASED_FIELDS
        if others:
            raise ValueError(f"a release is expected to be without {', '.join(f'`{name}`' for name in sorted(others))}")
        if self.area.polygons or self.area.circles:
            raise ValueError("the `area` of a release is expected to be without `polygons` and `circles`")
        most = WITHDRAWALS_AT_MOST if self.msg_type is MsgType.CANCEL else RELEASES_AT_MOST
        if self.revision - self.released_revision > most:
            raise ValueError(f"`revision` is expected to be at most {most} above `released_revision`")
        return self

    @model_validator(mode="after")
    def names_its_settlement(self) -> "HazardReport":
        if self.locality_pcode and not self.area.description:
            raise ValueError("`description` of `area` is expected with `locality_pcode`")
        return self

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> "HazardReport":
        if self.expires is not None and self.expires < self.onset:
            raise ValueError("`expires` is expected not to be before `onset`")
        return self


class UncorrectedHazardTimes(UncorrectedTimes):
    onset: Instant | None = None
    expires: Instant | None = None


class HazardReported(HazardFields, EventData):
    """A hazard report as an event.

    The topic `hazards` contains only Public hazards. Intake has added P-codes to the area: the districts of villages,
    and the units that the geometry touches, if boundaries were imported.
    """

    event_type: ClassVar[str] = "dayar.hazard.reported.v1"
    topic: ClassVar[str] = "hazards"
    other_topics: ClassVar[tuple[str, ...]] = (RESTRICTED_HAZARDS,)
    key_field: ClassVar[str] = "hazard_id"

    # the default is for records of earlier releases of Dayar, which are on the public topic
    scope: Scope = Scope.PUBLIC

    report_id: UUID  # no RandomId, because the id of a feed's report is derived from `source_id`
    hazard_id: UUID
    author: UUID
    channel: SubmissionChannel
    received_at: Instant
    places_version: str | None = None
    flags: tuple[Flag, ...] = ()
    uncorrected: UncorrectedHazardTimes | None = None

    @property
    def is_release(self) -> bool:
        """True for a release to the public. A release contains nothing new for the centre."""
        return self.released_revision is not None

    @property
    def is_nothing_found(self) -> bool:
        """A field team looked for the hazard and found nothing."""
        return self.source == FIELD_TEAMS and self.certainty is Certainty.UNLIKELY

    @property
    def own_topic(self) -> str:
        return self.topic if self.scope is Scope.PUBLIC else RESTRICTED_HAZARDS


class HazardUpdated(HazardReported):
    event_type: ClassVar[str] = "dayar.hazard.updated.v1"


class HazardCancelled(HazardReported):
    event_type: ClassVar[str] = "dayar.hazard.cancelled.v1"

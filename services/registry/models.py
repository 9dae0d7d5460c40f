"""The registry's tables. There are no foreign keys, because checks cost time, and each household has only one writer.

The columns named `sealed` contain the personal data, encrypted with the key of the household or group.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    cast,
    false,
    func,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from services.registry.age_profiles import PART_NAMES
from services.registry.reports import CELL_NAMES
from shared.audit import AUDIT
from shared.country import TIME_ZONE
from shared.messaging.models import CONSUMER_TABLES, Decision
from shared.postgres import models

# The month in Bishkek time. 202606 means June 2026, and 202600 means 2026 without a known month, as for a season.
PERIOD = f"""100 * extract(year FROM occurred_at AT TIME ZONE '{TIME_ZONE}')::integer
    + CASE occurred_at_precision WHEN 'season' THEN 0 WHEN 'year' THEN 0
        ELSE extract(month FROM occurred_at AT TIME ZONE '{TIME_ZONE}')::integer END"""


def cell(number: int) -> Mapped[int | None]:
    """A column for one cell of `sex_age`, because reading an array element copies the whole array. NULL replaces 0."""
    return mapped_column(Computed(f"nullif(sex_age[{number}], 0)", persisted=True))


class RegistryModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()


class Registered:
    """The columns that households and groups share. `report_id` and `version` identify the current displacement."""

    status: Mapped[str]
    author: Mapped[UUID]
    team: Mapped[UUID | None]
    report_id: Mapped[UUID]
    version: Mapped[int]
    sequence: Mapped[int]
    row_version: Mapped[int]
    registered_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    sealed: Mapped[bytes]


class Moved:
    """The columns of a move: its origin and destination."""

    origin_pcode: Mapped[str | None]
    origin_country: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    destination_country: Mapped[str | None]


class Household(Registered, Moved, RegistryModel):
    """A household. `current_pcode` and `current_country` are its present place, after its movements.

    `search_root_id` and `search_folding` are the `search_keys.KeyVersion` of its search keys. Rows of the previous
    release have no present place and the folding version 1. When the worker makes the search keys, it also sets the
    place and the version. `site_root_id` is the root of the household's site keys. Until the worker has made the site
    keys, `site_root_id` is empty.
    """

    __tablename__ = "households"
    __table_args__ = (
        Index(None, "changed_at", "household_id"),
        Index("ix_households_urgent", "changed_at", "household_id", postgresql_where=text("is_urgent")),
        Index(None, "search_root_id", "search_folding"),
    )

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    persons: Mapped[int]
    is_urgent: Mapped[bool] = mapped_column(server_default=false())
    current_pcode: Mapped[str | None]
    current_country: Mapped[str | None]
    search_root_id: Mapped[str] = mapped_column(server_default="")
    search_folding: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    site_root_id: Mapped[str] = mapped_column(server_default="", index=True)


class Member(RegistryModel):
    __tablename__ = "members"
    __table_args__ = (Index(None, "birth_year", "household_id"),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    row_version: Mapped[int]
    sex: Mapped[str]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    relationship: Mapped[str]
    sealed: Mapped[bytes]


class HouseholdSearchKeys(RegistryModel):
    """All search keys of a household in one row, because a row for each key would need more CPU time.

    Each search reads the pending list of the GIN index, so the list is kept short.
    """

    __tablename__ = "search_keys"
    __table_args__ = (Index(None, "keys", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    keys: Mapped[list[bytes]] = mapped_column(postgresql.ARRAY(LargeBinary))


class DuplicatePair(RegistryModel):
    """Two records that probably describe the same household. `household_id` is the smaller id of the two."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (Index(None, "found_at", "household_id"),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    reasons: Mapped[list[str]]
    found_at: Mapped[datetime]


# The new and changed households that the worker must compare with other households.
# The table has no key, because an index would make inserts slower. Several rows may name the same household.
UNCOMPARED = Table("uncompared_households", RegistryModel.metadata, Column("household_id", Uuid, nullable=False))


class Group(Registered, RegistryModel):
    __tablename__ = "groups"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)


class WrappedKey:
    """A data key, encrypted with the key-encryption key whose id is `kek_id`."""

    kek_id: Mapped[str]
    wrapped: Mapped[bytes]


class HouseholdKey(WrappedKey, RegistryModel):
    """The data key of a household. Each household with a filed report has a key."""

    __tablename__ = "household_keys"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)


class GroupKey(WrappedKey, RegistryModel):
    """The data key of a group."""

    __tablename__ = "group_keys"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)


class Site(RegistryModel):
    """A site where displaced people stay. `needs` maps each need of the site to the time when it was first stated.

    `sealed` has the person in charge, encrypted with the site's key; None if no person is known.
    """

    __tablename__ = "sites"
    __table_args__ = (Index(None, "pcode"),)

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name_ky: Mapped[str | None]
    name_ru: Mapped[str | None]
    name_en: Mapped[str | None]
    type: Mapped[str]
    state: Mapped[str]
    pcode: Mapped[str]
    locality: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    capacity: Mapped[int | None]
    needs: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]


class SiteKey(WrappedKey, RegistryModel):
    """The data key of a site whose person in charge is known."""

    __tablename__ = "site_keys"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)


class SiteReportKey(WrappedKey, RegistryModel):
    """The data key of the reports about everybody at a site."""

    __tablename__ = "site_report_keys"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)


class HouseholdSiteKey(RegistryModel):
    """A site where a household is or was, according to a report. A movement of everybody at a site reads this table.

    `site_key` is a search key, because the database alone must not reveal where a household is.
    """

    __tablename__ = "household_site_keys"

    site_key: Mapped[bytes] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class HouseholdSite(RegistryModel):
    """A site of a household, with the site's id in clear.

    Only the previous release writes such rows, so the next release drops the table.
    """

    __tablename__ = "household_sites"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class UnjudgedHousehold(RegistryModel):
    """A household, and a movement of everybody at its site that must still be applied to the household.

    `movements` is the number of movements that the worker must evaluate.
    """

    __tablename__ = "unjudged_households"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    movements: Mapped[int]


class UnpublishedHeldPeople(RegistryModel):
    """A household or group that an earlier release held, and whose people no event has published yet.

    The migration writes the rows, and the worker deletes them.
    """

    __tablename__ = "unpublished_held_people"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)


class Displaced(Moved):
    """The columns that the tables `episodes` and `counts` share. PostgreSQL computes some columns for figures.

    The primary key ensures that a report begins only one displacement, even with concurrent workers. `superseded_at` is
    the time of the household's next move, or of the recount that replaced the count. If there is no next move and no
    such recount, `superseded_at` is infinity. In `episodes`, a trigger sets `superseded_at` in rows of the previous
    release. `shelter`, `needs` and `evacuation` are None in rows of earlier releases.
    """

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (Index(None, "status", "occurred_at"),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    status: Mapped[str]
    occurred_at: Mapped[datetime]
    occurred_at_precision: Mapped[str]
    reported_at: Mapped[datetime]
    mobility: Mapped[str]
    persons: Mapped[int]
    sex_age: Mapped[list[int]]
    reasons: Mapped[list[str]]
    hazard_type: Mapped[str | None]
    hazard_id: Mapped[UUID | None]
    evacuation: Mapped[str | None]
    shelter: Mapped[str | None]
    needs: Mapped[list[str] | None]
    superseded_at: Mapped[datetime | None]
    period: Mapped[int | None] = mapped_column(Computed(PERIOD, persisted=True))
    reason: Mapped[str | None] = mapped_column(Computed("reasons[1]", persisted=True))
    female_0_5: Mapped[int | None] = cell(1)
    female_6_11: Mapped[int | None] = cell(2)
    female_12_17: Mapped[int | None] = cell(3)
    female_18_59: Mapped[int | None] = cell(4)
    female_60_plus: Mapped[int | None] = cell(5)
    female_unknown: Mapped[int | None] = cell(6)
    male_0_5: Mapped[int | None] = cell(7)
    male_6_11: Mapped[int | None] = cell(8)
    male_12_17: Mapped[int | None] = cell(9)
    male_18_59: Mapped[int | None] = cell(10)
    male_60_plus: Mapped[int | None] = cell(11)
    male_unknown: Mapped[int | None] = cell(12)
    unknown_0_5: Mapped[int | None] = cell(13)
    unknown_6_11: Mapped[int | None] = cell(14)
    unknown_12_17: Mapped[int | None] = cell(15)
    unknown_18_59: Mapped[int | None] = cell(16)
    unknown_60_plus: Mapped[int | None] = cell(17)
    unknown_unknown: Mapped[int | None] = cell(18)


class Assessed:
    """Numbers of displaced persons: who answered the questions about functioning, and who has a disability."""

    assessed: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    with_disability: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class Episode(Assessed, Displaced, RegistryModel):
    """A displacement of a household, with the data of the report's valid version.

    `ages` has a code for each person whose age is known (see `ages.py`). In rows of earlier releases, `ages` is None
    until the worker has computed the codes.
    """

    __tablename__ = "episodes"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        without_ages = Index("ix_episodes_without_ages", "household_id", postgresql_where=text("ages IS NULL"))
        return (*super().__table_args__, without_ages)

    household_id: Mapped[UUID] = mapped_column(index=True)
    displaced: Mapped[int]
    ages: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))


class AfterMovement(Assessed, Displaced):
    """The columns that the tables `stays` and `passages` share, in addition to the columns of `Displaced`.

    `households` is 1 for the largest part of a household, and 0 for other parts, so that sums count a household once.
    `sex_age` and `ages` are as of the day of `occurred_at`.
    """

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    report_id: Mapped[UUID] = mapped_column()  # overrides the primary key of `Displaced`
    displaced: Mapped[int]
    ages: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    households: Mapped[int] = mapped_column(SmallInteger)
    movement: Mapped[str | None]
    departed_at: Mapped[datetime]


class HouseholdStay(AfterMovement, RegistryModel):
    """The place of some people of a household from `occurred_at` until `superseded_at`, after the first movement.

    The row in `episodes` describes the time before the first movement. Households without movements have no stays.
    """

    __tablename__ = "stays"

    sub_stock: Mapped[str]
    confirmed_at: Mapped[datetime]
    is_return_presumed: Mapped[bool]


class HouseholdPassage(AfterMovement, RegistryModel):
    """People of a household who moved at `occurred_at`. Origin and destination describe this movement.

    `report_id` is the movement's report.
    """

    __tablename__ = "passages"

    from_sub_stock: Mapped[str]
    to_sub_stock: Mapped[str]


class GroupCount(Displaced, RegistryModel):
    """A count of a group, with the data of the report's valid version. `headcounts.py` explains the columns.

    `persons_estimated` and all columns below it are None in rows of earlier releases. `site_id` is the site that the
    report names, even if the table `sites` lacks this site. `displaced`, `returned` and `settled` are the numbers of
    people by whereabouts after the movements. The first movement was at `changed_at`. In a row of people who moved,
    `report_id` is derived from the movement, `movement_id` is the id of the movement's report, and `left_pcode` and
    `left_country` are the place that they left. If another column or the published event changes, `fingerprint`
    changes, too.
    """

    __tablename__ = "counts"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        at_site = Index("ix_counts_site_id", "site_id", postgresql_where=text("site_id IS NOT NULL"))
        return (*super().__table_args__, at_site)

    group_id: Mapped[UUID] = mapped_column(index=True)
    site_id: Mapped[UUID | None]
    measure: Mapped[str]
    quantifier: Mapped[str]
    persons_estimated: Mapped[bool | None]
    counted_at: Mapped[datetime | None]
    population: Mapped[UUID | None] = mapped_column(index=True)
    stock_id: Mapped[UUID | None]
    superseded_by: Mapped[UUID | None]
    covers_site: Mapped[bool | None]
    sub_stock: Mapped[str | None]
    movement_id: Mapped[UUID | None] = mapped_column(index=True)
    left_pcode: Mapped[str | None]
    left_country: Mapped[str | None]
    fingerprint: Mapped[bytes | None]
    changed_at: Mapped[datetime | None]
    displaced: Mapped[int | None]
    returned: Mapped[int | None]
    settled: Mapped[int | None]


class GroupStay(Displaced, RegistryModel):
    """The people left in a count after a movement of the group, from `counted_at` until `superseded_at`."""

    __tablename__ = "group_stays"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    group_id: Mapped[UUID] = mapped_column(index=True)
    site_id: Mapped[UUID | None]
    measure: Mapped[str]
    quantifier: Mapped[str]
    persons_estimated: Mapped[bool | None]
    counted_at: Mapped[datetime]
    stock_id: Mapped[UUID]
    sub_stock: Mapped[str]


class Report(RegistryModel):
    """A version of a report, with the outcome of this version. `clear` contains the clear fields as JSON."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_held", "received_at", postgresql_where=text("outcome = 'held'")),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(index=True)
    team: Mapped[UUID | None]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    places_version: Mapped[str | None]
    flags: Mapped[list[str]]
    registrar_areas: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    status: Mapped[str]
    digest: Mapped[bytes]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    outcome_id: Mapped[UUID]
    clear: Mapped[str]
    sealed: Mapped[bytes]


CODE_CHARACTERS = 4  # the length of a report's code, which is the end of the report's id
CODE = func.right(cast(Report.report_id, Text), text(str(CODE_CHARACTERS)))
Index("ix_reports_code", CODE)


class CodedMovement(RegistryModel):
    """A movement that waits for a household with its short code.

    `wrong_at` is the time at which the code counted as a wrong code of the author. `wrong_at` is NULL if the code was
    not compared yet, because the author had sent too many wrong codes.
    """

    __tablename__ = "coded_movements"
    __table_args__ = (
        Index(None, "author", "wrong_at"),
        Index("ix_coded_movements_paused", "compared_at", postgresql_where=text("wrong_at IS NULL")),
        Index("ix_coded_movements_wrong", "compared_at", postgresql_where=text("wrong_at IS NOT NULL")),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author: Mapped[UUID] = mapped_column(primary_key=True)
    compared_at: Mapped[datetime]
    wrong_at: Mapped[datetime | None]


class HeldDecision(Decision, RegistryModel):
    """A person's decision about a held report. `outcome_id` is the id of the report's outcome.

    If `is_expiry_only` is true, the report is decided as if the phone's sign-in had not expired. The author still needs
    the right to change the household. `refusal` is the reason of a refusal, which the report's author can read.
    """

    __tablename__ = "held_decisions"
    # Only one open decision about a report is possible, so that the first of two people decides.
    __table_args__ = (
        Index("uq_held_decisions_open", "outcome_id", unique=True, postgresql_where=text("carried_out_at IS NULL")),
    )

    outcome_id: Mapped[UUID]
    is_accepted: Mapped[bool]
    is_expiry_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    refusal: Mapped[str | None]


class HeldAssignment(RegistryModel):
    """The person who is to decide about a held report.

    `outcome_id` is the outcome of the report at the time of the assignment. If the outcome changes, `report_id`,
    `version` and `author` still identify the report. The previous release stores only `outcome_id`.
    """

    __tablename__ = "held_assignments"
    __table_args__ = (Index(None, "report_id"),)

    outcome_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID | None]
    version: Mapped[int | None]
    author: Mapped[UUID | None]
    account: Mapped[UUID]
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DigestKey(RegistryModel):
    """The id of the newest key that was applied to the stored digests. The table has one row."""

    __tablename__ = "digest_key"

    key_id: Mapped[str] = mapped_column(primary_key=True)


class DataVersion(RegistryModel):
    """Versions of the displacements. A transaction that writes displacements renews the version of one slot.

    The migration creates the rows and the trigger that renews the versions.
    """

    __tablename__ = "data_versions"
    __table_args__ = {"postgresql_with": {"fillfactor": 50}}  # noqa: RUF012 - as SQLAlchemy reads it

    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())


ASSESSMENT_NAMES = ("assessed", "with_disability")
ADDED_NAMES = (*PART_NAMES, *ASSESSMENT_NAMES)  # the numbers that the first release with sums did not have
FIGURE_NUMBERS = ("households", "imprecise", "corrected", "displaced", *CELL_NAMES, *ADDED_NAMES)
DIMENSION_NAMES = (
    "status",
    "sub_stock",
    "mobility",
    "origin_pcode",
    "origin_country",
    "destination_pcode",
    "destination_country",
    "reasons",
    "hazard_type",
    "shelter",
    "evacuation",
)


def dimensions() -> list[Column[Any]]:
    return [Column(name, ARRAY(Text) if name == "reasons" else Text) for name in DIMENSION_NAMES]


# The changes of displacements that are not in `figure_sums` yet.
# The migration creates the triggers that insert the changes.
# If a displacement was removed, the numbers of its change are negative.
# `ended_on` is the first day on which the people were out of the stock.
# If `is_flow` is true, the displacement is a flow of the month of `began_on`, or of the year if no month is known.
FIGURE_CHANGES = Table(
    "figure_changes",
    RegistryModel.metadata,
    *dimensions(),
    Column("needs", ARRAY(Text)),
    Column("began_on", Date),
    Column("ended_on", Date),
    Column("is_flow", Boolean),
    Column("has_month", Boolean),
    *(Column(name, Integer) for name in FIGURE_NUMBERS),
)

# The combinations of dimensions.
# `name` is the text of all dimensions. The unique index is on `name`, because an index of all columns would be large.
# If a summary does not have a dimension, the dimension is NULL.
FIGURE_DIMENSIONS = Table(
    "figure_dimensions",
    RegistryModel.metadata,
    Column("dimensions_id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("summary", Text, nullable=False),
    *dimensions(),
    Column("need", Text),
    Index(None, "summary", "status", "mobility"),
)

# Numbers of households and persons by dimensions.
# A row with the span day, month or year has the changes of the stock in the period that begins on the day `since`.
# A row with the span flow has the flows of the month that begins on the day `since`.
# A row with the span vague_flow has flows of which only the year is known.
FIGURE_SUMS = Table(
    "figure_sums",
    RegistryModel.metadata,
    Column("summary", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("since", Date, primary_key=True),
    Column("dimensions_id", Integer, primary_key=True, autoincrement=False),
    *(
        Column(name, Integer, nullable=False, server_default=text("0") if name in ADDED_NAMES else None)
        for name in FIGURE_NUMBERS
    ),
    postgresql_with={"fillfactor": 80},
)

# The last year until which the changes and sums contain the ages of the displaced people. The table has one row.
FIGURE_AGES = Table("figure_ages", RegistryModel.metadata, Column("until_year", Integer, nullable=False))


class PersonalDataRead(RegistryModel):
    """One read of personal data, written by an earlier release. The security log has a copy of these rows."""

    __tablename__ = "reads"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    account: Mapped[UUID]
    token: Mapped[UUID | None]
    what: Mapped[str]
    household_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))


SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)

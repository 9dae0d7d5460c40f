"""The sums from which figures are computed, the changes of these sums, and the versions of the displacements."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Date, Identity, Index, Integer, SmallInteger, Table, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.figures.age_profiles import PART_NAMES
from services.registry.models.base import RegistryModel
from services.registry.reports import CELL_NAMES


class DataVersion(RegistryModel):
    """A transaction that writes displacements renews the version in one row, whose number is `slot`.

    The migration creates the rows and the trigger that renews the versions.
    """

    __tablename__ = "data_versions"
    __table_args__ = {"postgresql_with": {"fillfactor": 50}}  # noqa: RUF012 - as SQLAlchemy reads it

    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())


ASSESSMENT_NAMES = ("assessed", "with_disability")
ADDED_NAMES = (*PART_NAMES, *ASSESSMENT_NAMES)
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
    "movement",
    "duration",
)


def dimensions() -> list[Column[Any]]:
    return [Column(name, ARRAY(Text) if name == "reasons" else Text) for name in DIMENSION_NAMES]


CHANGED_NAMES = (*DIMENSION_NAMES, "needs", "began_on", "ended_on", "is_flow", "has_month")


def changes() -> list[Column[Any]]:
    periods = Column("began_on", Date), Column("ended_on", Date)
    flags = Column("is_flow", Boolean), Column("has_month", Boolean)
    numbers = (Column(name, Integer) for name in FIGURE_NUMBERS)
    return [*dimensions(), Column("needs", ARRAY(Text)), *periods, *flags, *numbers]


# The changes of displacements that are not in `figure_sums` yet. The migration creates the triggers that insert the
# changes. If a displacement is removed, the change has negative numbers. `ended_on` is the first day on which the
# people were out of the stock. If `is_flow` is true, the displacement belongs to the flow of the month of `began_on`,
# or of the year if no month is known.
FIGURE_CHANGES = Table("figure_changes", RegistryModel.metadata, *changes())

# The changes of movements that are not in `figure_sums` yet. The columns equal those of `figure_changes`, so that one
# statement sums both tables. `began_on` is the day of a movement. A movement that completed a displacement has two rows
# in this table. In the second row, `movement` is NULL, and `duration` is DELTA's class of the duration. In the second
# row, origin and destination are those of the displacement.
MOVEMENT_CHANGES = Table("movement_changes", RegistryModel.metadata, *changes())

# `name` contains all values as one text. The unique index is on `name`, because an index of all columns would be large.
# A dimension that the summary does not have is NULL.
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

# A row with the span day, month or year changes the stock from the day `since`. A row with the span flow has the flows
# of the month that begins on the day `since`. A row with the span vague_flow has flows of which only the year is
# known.
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

# For each combination of dimensions, the total of all changes of the stock. The total is the sum of the rows with the
# span year. The triggers of `figure_sums` that keep the totals are created by the migration.
FIGURE_TOTALS = Table(
    "figure_totals",
    RegistryModel.metadata,
    Column("summary", Text, primary_key=True),
    Column("dimensions_id", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Integer, nullable=False) for name in FIGURE_NUMBERS),
    postgresql_with={"fillfactor": 80},
)

# Changes of ages are stored for each 1 January up to the year `until_year`. The table has one row.
FIGURE_AGES = Table("figure_ages", RegistryModel.metadata, Column("until_year", Integer, nullable=False))

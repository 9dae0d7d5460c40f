"""The displacements of households, and the households' places after each movement."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from services.registry.models.base import RegistryModel
from services.registry.models.displacements import Assessed, Displaced


class Episode(Assessed, Displaced, RegistryModel):
    """A displacement of a household, with the data of the report's valid version.

    `ages` has a code for each person whose age is known (see `ages.py`). `ages` is None in rows of earlier releases of
    Dayar until the worker has computed the codes.
    """

    __tablename__ = "episodes"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        has_none = text("ages IS NULL OR assessed IS NULL")
        without_numbers = Index("ix_episodes_without_numbers", "household_id", postgresql_where=has_none)
        of_hazard = Index("ix_episodes_hazard_id", "hazard_id", postgresql_where=text("hazard_id IS NOT NULL"))
        return (*super().__table_args__, without_numbers, of_hazard, Index(None, "status", "reported_at"))

    household_id: Mapped[UUID] = mapped_column(index=True)
    displaced: Mapped[int]
    ages: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))


class AfterMovement(Assessed, Displaced):
    """`households` is 1 for the largest part of a household, and 0 for all other parts.

    Sums over `households` count each household once. `sex_age` and `ages` are on the day of `occurred_at`.
    """

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    report_id: Mapped[UUID] = mapped_column()  # this column is the primary key in `Displaced`
    displaced: Mapped[int]
    ages: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    households: Mapped[int] = mapped_column(SmallInteger)
    movement: Mapped[str | None]
    departed_at: Mapped[datetime]


class HouseholdStay(AfterMovement, RegistryModel):
    """After the first movement, a row is valid from `occurred_at` until `superseded_at`.

    Before the first movement, the row of the household in `episodes` is valid.
    """

    __tablename__ = "stays"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        presumed = Index("ix_stays_presumed", "status", postgresql_where=text("is_return_presumed"))
        recent = Index(None, "status", "departed_at"), Index(None, "status", "confirmed_at")
        return (*super().__table_args__, *recent, presumed)

    sub_stock: Mapped[str]
    confirmed_at: Mapped[datetime]
    is_return_presumed: Mapped[bool]


class HouseholdPassage(AfterMovement, RegistryModel):
    """People of a household who moved at `occurred_at`.

    Origin and destination are the places that the people left and reached by the movement. `report_id` is the report of
    the movement. `displaced_from_pcode` is the place that people left at the displacement.
    """

    __tablename__ = "passages"

    displaced_from_pcode: Mapped[str | None]
    from_sub_stock: Mapped[str]
    to_sub_stock: Mapped[str]

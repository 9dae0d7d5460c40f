"""The groups, their data keys, their counts, and the decisions of people about counts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from services.registry.models.base import Assigned, Registered, RegistryModel, WrappedKey
from services.registry.models.displacements import Displaced
from shared.messaging.models import Decision


class Group(Registered, RegistryModel):
    __tablename__ = "groups"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)


class GroupKey(WrappedKey, RegistryModel):
    __tablename__ = "group_keys"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)


class GroupCount(Displaced, RegistryModel):
    """`headcounts.py` explains the columns.

    `persons_estimated` and all columns below it are None in rows of earlier releases of Dayar. `site_id` is the site in
    the report, which may be missing in the table `sites`. `displaced`, `returned` and `settled` are the numbers of
    people in each state after the movements. `changed_at` is the time of the first movement. In a row of people who
    moved, `movement_id` is the report of the movement, and `report_id` is a derived id. `left_pcode` and `left_country`
    are the place that the moved people left. `left_sub_stock` is the sub-stock that the moved people left. If
    `left_sub_stock` is None, the people were in location of displacement before the movement. `fingerprint` is a digest
    of the other columns and of the published event. `confirmed_at` is the time at which somebody last saw the people.
    `counted_at_precision` is None in rows of earlier releases of Dayar. If `counted_at_precision` is None, the hour
    counts as known.
    """

    __tablename__ = "counts"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        at_site = Index("ix_counts_site_id", "site_id", postgresql_where=text("site_id IS NOT NULL"))
        of_hazard = Index("ix_counts_hazard_id", "hazard_id", postgresql_where=text("hazard_id IS NOT NULL"))
        return (*super().__table_args__, at_site, of_hazard)

    group_id: Mapped[UUID] = mapped_column(index=True)
    site_id: Mapped[UUID | None]
    measure: Mapped[str]
    quantifier: Mapped[str]
    persons_estimated: Mapped[bool | None]
    counted_at: Mapped[datetime | None]
    counted_at_precision: Mapped[str | None]
    population: Mapped[UUID | None] = mapped_column(index=True)
    stock_id: Mapped[UUID | None] = mapped_column(index=True)
    superseded_by: Mapped[UUID | None]
    covers_site: Mapped[bool | None]
    sub_stock: Mapped[str | None]
    movement_id: Mapped[UUID | None] = mapped_column(index=True)
    left_pcode: Mapped[str | None]
    left_country: Mapped[str | None]
    left_sub_stock: Mapped[str | None]
    fingerprint: Mapped[bytes | None]
    changed_at: Mapped[datetime | None]
    displaced: Mapped[int | None]
    returned: Mapped[int | None]
    settled: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]
    is_return_presumed: Mapped[bool | None]


class GroupStay(Displaced, RegistryModel):
    """A row is valid from `counted_at` until `superseded_at`."""

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


class CountDecision(Decision, RegistryModel):
    """A person's choice between two differing counts.

    The newest choice between two counts is valid until one of the two reports is corrected. If `is_reversed` is true,
    the row reverses an earlier decision.
    """

    __tablename__ = "count_decisions"

    report_id: Mapped[UUID]
    version: Mapped[int]
    other_id: Mapped[UUID] = mapped_column(index=True)
    other_version: Mapped[int]
    is_reversed: Mapped[bool]


class CountAssignment(Assigned, RegistryModel):
    __tablename__ = "count_assignments"

    stock_id: Mapped[UUID] = mapped_column(primary_key=True)


class CountComparison(RegistryModel):
    """The last published comparison of a count with the registered people (`shared.events.groups.PlaceComparison`).

    A comparison contains only sums over multiples of five households, so that it reveals no single household.
    """

    __tablename__ = "count_comparisons"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    comparison: Mapped[dict[str, Any]]


class CountRenewal(RegistryModel):
    """All stored counts were computed with this version of the gazetteer and the rules. The table has one row."""

    __tablename__ = "count_renewals"

    version: Mapped[str] = mapped_column(primary_key=True)
    renewed_at: Mapped[datetime]

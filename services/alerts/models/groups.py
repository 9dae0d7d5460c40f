"""The tables of counts of groups, and of sites where displaced people live."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel
from services.alerts.projections import CountedGroup, ListedSite


class CountedGroupRow(AlertsModel, record=CountedGroup):
    """Several reports may count one group, so the report's id is the key."""

    __tablename__ = "counted_groups"
    __table_args__ = (
        Index(None, "origin_area", "departed_on"),
        Index(None, "stock_id"),
        Index("ix_counted_groups_site_id", "site_id", postgresql_where=text("site_id IS NOT NULL")),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    covers_site: Mapped[bool] = mapped_column(server_default=false())
    comparison: Mapped[dict[str, Any] | None]
    persons_estimated: Mapped[bool] = mapped_column(server_default=false())


class ReplacedCount(AlertsModel):
    """`sequence` is the sequence of the event with the recount.

    A later event about the replaced count makes the count valid again.
    """

    __tablename__ = "replaced_counts"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]


class SiteRow(AlertsModel, record=ListedSite):
    __tablename__ = "sites"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]


class SiteResidents(AlertsModel):
    """The number of households is rounded down to a multiple of five."""

    __tablename__ = "site_residents"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    persons: Mapped[int]
    households: Mapped[int]

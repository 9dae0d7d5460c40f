"""The tables of districts with displaced people in a hazard's area, and of reports about these people."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import COUNTER, AlertsModel


class Exposure(AlertsModel):
    """`displaced` counts the households in the district that this hazard displaced.

    The `told_…` columns are the figures at the latest evaluation, or None before the first evaluation. `gone` says why
    the hazard does not threaten the district any more.
    """

    __tablename__ = "exposures"
    __table_args__ = COUNTER

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True, index=True)
    status: Mapped[str]
    hazard_type: Mapped[str]
    origins: Mapped[list[str]]
    departed_from: Mapped[date]
    ends_at: Mapped[datetime]
    displaced: Mapped[int]
    gone: Mapped[str | None]
    told_exposed: Mapped[int | None]
    told_displaced: Mapped[int | None]
    told_sites: Mapped[str | None]
    told_group_persons: Mapped[int] = mapped_column(server_default="0")
    told_group_places: Mapped[str | None]
    told_at: Mapped[datetime | None]


class AlertedReportRow(AlertsModel):
    """A row of this table is added when a report is published, and deleted after 90 days."""

    __tablename__ = "alerted_reports"

    status: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    noted_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class HazardChange(AlertsModel):
    """A row means that the hazard's exposures must be recounted. The recount deletes the row."""

    __tablename__ = "hazard_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    hazard_id: Mapped[UUID]

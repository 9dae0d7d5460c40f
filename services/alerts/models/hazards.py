"""The tables of the newest report about each hazard, and of all revisions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class Hazard(AlertsModel):
    """If a row changes, a trigger adds a row to `hazard_changes`."""

    __tablename__ = "hazards"
    __table_args__ = (
        Index("ix_hazards_areas", "areas", postgresql_using="gin", postgresql_where=text("NOT is_cancelled")),
        Index("ix_hazards_ends_at", "ends_at", postgresql_where=text("NOT is_cancelled")),
    )

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    areas: Mapped[list[str]]
    ends_at: Mapped[datetime]
    is_cancelled: Mapped[bool]
    report: Mapped[str]


class HazardRevision(AlertsModel):
    __tablename__ = "hazard_revisions"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report: Mapped[str]

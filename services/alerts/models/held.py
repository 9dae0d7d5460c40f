"""The table of people who are known only from held reports."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel
from services.alerts.projections import HeldPeople


class HeldPeopleRow(AlertsModel, record=HeldPeople):
    __tablename__ = "held_people"
    __table_args__ = (
        Index(
            "ix_held_people_held_households",
            *("origin_area", "departed_on"),
            postgresql_where=text("is_counted AND stock_id IS NULL"),
        ),
        Index(
            "ix_held_people_held_counts",
            *("origin_area", "departed_on"),
            postgresql_where=text("is_counted AND stock_id IS NOT NULL"),
        ),
        Index(None, "stock_id"),
        Index(None, "subject_id"),
        Index("ix_held_people_ended", "changed_at", postgresql_where=text("NOT is_counted")),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

"""The tables of rosters and their overrides."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class RosterRow(AlertsModel):
    __tablename__ = "rosters"

    name: Mapped[str] = mapped_column(primary_key=True)
    layers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class OverrideRow(AlertsModel):
    __tablename__ = "roster_overrides"
    __table_args__ = (
        CheckConstraint("ends_at > begins_at", name="order"),
        UniqueConstraint("roster", "uid"),
        Index(None, "roster", "ends_at"),
    )

    override_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    roster: Mapped[str] = mapped_column(ForeignKey("rosters.name", ondelete="CASCADE"))
    person: Mapped[str]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    uid: Mapped[str | None]

"""Alerts on the board, and their deliveries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel
from shared.events.alerts import DeliverySettled, PublishedAlert


class BoardAlert(ConsoleModel, record=PublishedAlert, without=("report_id", "hazard_scope", "severity_is_derived")):
    __tablename__ = "board_alerts"
    __table_args__ = (
        Index("ix_board_alerts_open", "raised_at", postgresql_where=text("resolved_at IS NULL")),
        Index(None, "hazard_id"),
        Index(None, "raised_at", "alert_id"),
        Index(None, "resolved_at"),
    )

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    reason: Mapped[str]
    figures: Mapped[dict[str, Any]]
    severity: Mapped[str]
    hazard_id: Mapped[UUID | None]
    pcodes: Mapped[list[str]]
    households: Mapped[int | None]
    onset: Mapped[datetime]
    raised_at: Mapped[datetime]
    level: Mapped[int]
    is_suppressed: Mapped[bool]
    verification: Mapped[str] = mapped_column(server_default="unverified")
    work: Mapped[str] = mapped_column(server_default="unacknowledged")
    validity: Mapped[str] = mapped_column(server_default="in_force")
    demand: Mapped[str | None]
    is_unseen: Mapped[bool] = mapped_column(server_default=false())
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    acknowledgements: Mapped[int | None]
    acknowledgements_needed: Mapped[int | None]
    assigned_at: Mapped[datetime | None]
    assigned_to: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    progressed_at: Mapped[datetime | None]
    progressed_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]


class BoardDelivery(ConsoleModel, record=DeliverySettled):
    __tablename__ = "board_deliveries"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    is_delivered: Mapped[bool]

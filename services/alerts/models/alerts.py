"""The tables of alerts and of the actions on them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Identity, Index, UniqueConstraint, Uuid, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.alerts import Alert
from services.alerts.models.base import AlertsModel


class AlertRow(AlertsModel, record=Alert):
    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("kind", "status", "area", "situation"),
        Index(None, "raised_at", "alert_id"),
        Index("ix_alerts_area", "area", postgresql_where=text("kind = 'displacement'")),
        Index("ix_alerts_escalates_at", "escalates_at", postgresql_where=text("escalates_at IS NOT NULL")),
        Index(
            "ix_alerts_budgets",
            "raised_at",
            postgresql_where=text("kind = 'hazard' AND NOT is_suppressed AND severity NOT IN ('Severe', 'Extreme')"),
        ),
        Index(
            "ix_alerts_inhibitors",
            "raised_at",
            postgresql_where=text(
                "severity = 'Extreme' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL"
            ),
        ),
        Index(
            "ix_alerts_with_people",
            "alert_id",
            postgresql_where=text("resolved_at IS NULL AND (assigned_to IS NOT NULL OR progressed_by IS NOT NULL)"),
        ),
        Index(
            "ix_alerts_expires",
            "expires",
            postgresql_where=text(
                "kind <> 'displacement' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL"
            ),
        ),
    )

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    severity: Mapped[str]
    severity_is_derived: Mapped[bool] = mapped_column(server_default=false())
    raised_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    is_suppressed: Mapped[bool]
    is_ringing: Mapped[bool] = mapped_column(server_default=false())
    persons_step: Mapped[int] = mapped_column(server_default="0")
    demanded_sequence: Mapped[int] = mapped_column(server_default="0")
    partly_acknowledged_by: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    figures: Mapped[str]
    hazard_id: Mapped[UUID | None] = mapped_column(index=True)
    pcodes: Mapped[list[str]]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_note: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class Act(AlertsModel):
    """An action without an account was done by Dayar itself.

    Rows of earlier releases of Dayar have no `channel`, because those releases stored "SMS" or "Telegram" as the text
    of an acknowledgement. `behalf_note` is encrypted, and says on whose behalf the person acknowledged.
    """

    __tablename__ = "acts"

    act_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    sequence: Mapped[int]
    deed: Mapped[str]
    account_id: Mapped[UUID | None]
    name: Mapped[str | None]
    text: Mapped[str | None]
    channel: Mapped[str | None]
    behalf_note: Mapped[str | None]
    acted_at: Mapped[datetime]

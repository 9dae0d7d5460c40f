"""The tables of deliveries and their attempts, and of receivers that a notification left out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class Delivery(AlertsModel):
    """A worker that claims a delivery gets a `lease`, which ends at `due_at`.

    The next contact is notified at `next_contact_at`, if the message is undelivered or still needs an answer. `follows`
    says why this contact was notified after another contact. `traceparent` is the trace of the record that caused the
    delivery.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        # The previous release of Dayar names this constraint in ON CONFLICT.
        UniqueConstraint("alert_id", "step", "recipient", "channel", name="uq_deliveries_once"),
        Index("ix_deliveries_due", "recipient", "due_at", postgresql_where=text("settled_at IS NULL")),
        Index("ix_deliveries_planned_at", "recipient", "planned_at", postgresql_where=text("is_foldable")),
        Index("ix_deliveries_next_contact_at", "next_contact_at", postgresql_where=text("next_contact_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID]
    step: Mapped[int]
    recipient: Mapped[str]
    channel: Mapped[str]
    cause: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    settled_at: Mapped[datetime | None]
    is_delivered: Mapped[bool | None]
    reason: Mapped[str | None]
    is_foldable: Mapped[bool] = mapped_column(server_default=false())
    planned_at: Mapped[datetime | None]
    next_contact_at: Mapped[datetime | None]
    follows: Mapped[str | None]
    traceparent: Mapped[str | None]
    paused_until: Mapped[datetime | None]


class AttemptRow(AlertsModel):
    """`reason` is a code for the receiving server's answer, or for the failure."""

    __tablename__ = "attempts"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    reason: Mapped[str]


class NotificationOmissions(AlertsModel):
    """`reasons` maps labels of receivers to reasons.

    `muted_by` is the id of the silence or the Extreme alert that muted the notification. `is_sent_later` marks
    receivers who missed a change of a muted alert, and who are notified when nothing mutes the alert any more.
    """

    __tablename__ = "notification_omissions"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    reasons: Mapped[dict[str, str]] = mapped_column(JSONB)
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
    muted_by: Mapped[UUID | None]
    is_sent_later: Mapped[bool] = mapped_column(server_default=false())

"""The short messages that wait for a receipt or a reply, and the replies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, false
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class SmsMessage(AlertsModel):
    """`message_id` is the id in the receipt. `state` and `state_at` are from the newest receipt.

    If the gateway gives a receipt for each part, `parts` is the number of the message's parts.
    """

    __tablename__ = "sms_messages"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str | None] = mapped_column(index=True)
    accepted_at: Mapped[datetime]
    state: Mapped[str | None]
    state_at: Mapped[datetime | None]
    parts: Mapped[int | None]


class SmsPart(AlertsModel):
    """A receipt of one part of a message is kept for two days."""

    __tablename__ = "sms_parts"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    state_at: Mapped[datetime] = mapped_column(index=True)


class EarlySmsReceipt(AlertsModel):
    """A pushed receipt for a message that is not stored yet, or that we did not send. The row is kept for an hour."""

    __tablename__ = "early_sms_receipts"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)


class SmsCode(AlertsModel):
    """The code that a person writes in a reply to a short message.

    A telephone number never gets the same code for two messages within 48 hours. The deliveries of a combined message
    share its code. A delivery has several codes if its attempts were combined with different deliveries.
    `shown_sequence` is the sequence at which our newest answer to a reply showed the alert, or None.
    """

    __tablename__ = "sms_codes"
    __table_args__ = (Index(None, "number", "code"),)

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    drawn_at: Mapped[datetime]
    is_combined: Mapped[bool] = mapped_column(server_default=false())
    shown_sequence: Mapped[int | None]


class SmsReply(AlertsModel):
    """A reply is kept for 48 hours. `message_id` is the gateway's id."""

    __tablename__ = "sms_replies"
    __table_args__ = (Index(None, "number", "received_at"),)

    message_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    received_at: Mapped[datetime]
    is_wrong: Mapped[bool] = mapped_column(server_default=false())
    is_answered: Mapped[bool] = mapped_column(server_default=false())

"""The tables of SMS that wait for a receipt or a reply, and of the replies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, false
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class SmsMessage(AlertsModel):
    """Receipts name the SMS by `message_id`. The newest receipt sets `state` and `state_at`.

    `parts` is the number of the SMS's parts, if the gateway gives a receipt for each part.
    """

    __tablename__ = "sms_messages"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str | None] = mapped_column(index=True)
    accepted_at: Mapped[datetime]
    state: Mapped[str | None]
    state_at: Mapped[datetime | None]
    parts: Mapped[int | None]


class SmsPart(AlertsModel):
    """Stores the receipt of one part of an SMS for two days."""

    __tablename__ = "sms_parts"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    state_at: Mapped[datetime] = mapped_column(index=True)


class EarlySmsReceipt(AlertsModel):
    """A row is a pushed receipt for an SMS that is not stored yet, or that Dayar did not send.

    A stored early receipt is deleted after an hour.
    """

    __tablename__ = "early_sms_receipts"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)


class SmsCode(AlertsModel):
    """A person who replies to an SMS writes the code of the SMS.

    Within 48 hours, a telephone number never gets one code for two messages. All deliveries of a combined message have
    one code. If a delivery's attempts were combined in different ways, the delivery has several codes. `shown_sequence`
    is the sequence of the alert that our newest answer to a reply showed.
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
    """A reply is deleted after 48 hours. `message_id` is the id that the gateway gave the reply."""

    __tablename__ = "sms_replies"
    __table_args__ = (Index(None, "number", "received_at"),)

    message_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    received_at: Mapped[datetime]
    is_wrong: Mapped[bool] = mapped_column(server_default=false())
    is_answered: Mapped[bool] = mapped_column(server_default=false())

"""The tables of messages in Telegram chats, and of the bot's position in its updates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class TelegramMessage(AlertsModel):
    """Stores which message in a chat belongs to a delivery.

    Later messages about an alert reply to the receiver's first message.

    `edit_at` is set while the message shows an old state of the alert. A digest has one row for each delivery, and
    `position` is the delivery's number in the digest, from 0. Rows of earlier releases of Dayar have no position.
    """

    __tablename__ = "telegram_messages"
    __table_args__ = (
        Index(None, "alert_id", "recipient"),
        Index(None, "chat_id", "message_id"),
        Index("ix_telegram_messages_edit_at", "edit_at", postgresql_where=text("edit_at IS NOT NULL")),
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID]
    recipient: Mapped[str]
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    language: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    is_digest: Mapped[bool] = mapped_column(server_default=false())
    edit_at: Mapped[datetime | None]
    position: Mapped[int | None]


class TelegramQuestion(AlertsModel):
    """`sequence` is the alert's sequence in the message whose button was pressed.

    Rows of earlier releases of Dayar have no sequence.
    """

    __tablename__ = "telegram_questions"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    alert_id: Mapped[UUID]
    language: Mapped[str]
    sequence: Mapped[int | None]
    asked_at: Mapped[datetime]


class TelegramPoll(AlertsModel):
    """`problem` is a code that says why Telegram gives no updates."""

    __tablename__ = "telegram_polls"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    next_update_id: Mapped[int | None] = mapped_column(BigInteger)
    handled_at: Mapped[datetime | None]
    polled_at: Mapped[datetime]
    username: Mapped[str | None]
    problem: Mapped[str | None]

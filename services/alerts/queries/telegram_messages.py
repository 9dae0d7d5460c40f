"""The Telegram messages of deliveries; the caller commits."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.channels import Job
from services.alerts.models import TelegramMessage


@dataclass(frozen=True, slots=True)
class SentMessage:
    delivery_id: UUID
    message_id: int


async def message_of(session: AsyncSession, delivery_id: UUID) -> int | None:
    """The id of the message that this delivery sent."""
    wanted = select(TelegramMessage.message_id).where(TelegramMessage.delivery_id == delivery_id)
    return await session.scalar(wanted)


async def first(session: AsyncSession, chat_id: int, recipient: str, alert_id: UUID) -> SentMessage | None:
    """The receiver's first message about the alert in this chat."""
    wanted = (
        select(TelegramMessage.delivery_id, TelegramMessage.message_id)
        .filter_by(alert_id=alert_id, recipient=recipient, chat_id=chat_id)
        .order_by(TelegramMessage.sent_at, TelegramMessage.message_id)
    )
    row = (await session.execute(wanted.limit(1))).one_or_none()
    return None if row is None else SentMessage(row.delivery_id, row.message_id)


async def store(session: AsyncSession, job: Job, chat_id: int, message_id: int, language: str) -> None:
    row = insert(TelegramMessage).values(
        delivery_id=job.delivery_id,
        alert_id=job.alert_id,
        recipient=job.recipient,
        chat_id=chat_id,
        message_id=message_id,
        language=language,
    )
    await session.execute(row.on_conflict_do_nothing())

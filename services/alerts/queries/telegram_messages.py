"""Stores the Telegram messages of deliveries. The caller commits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Boolean, delete, false, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.channels import Job
from services.alerts.delivery.threads import night_of
from services.alerts.models import AlertRow, Delivery, ReceiverRow, TelegramMessage, TelegramQuestion
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel
from shared.pages.languages import DEFAULT

ANSWERED_WITHIN = timedelta(hours=1)
DAY = timedelta(days=1)
# A person who answers the question later learns that the question is too old.
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SentMessage:
    delivery_id: UUID
    message_id: int
    is_digest: bool


@dataclass(frozen=True, slots=True)
class PressedDelivery:
    """`is_digest` is true if the message also has buttons of other deliveries.

    `is_internal` is true if the receiver belongs to the centre. `sequence` is the alert's sequence in the message.
    `assignee` is the account of the person on the button.
    """

    delivery_id: UUID
    alert_id: UUID
    cause: str
    content: str
    language: str
    is_digest: bool
    is_internal: bool
    sent_at: datetime
    sequence: int | None = None
    assignee: UUID | None = None


async def message_of(session: AsyncSession, delivery_id: UUID) -> int | None:
    wanted = select(TelegramMessage.message_id).where(TelegramMessage.delivery_id == delivery_id)
    return await session.scalar(wanted)


async def messages_of(session: AsyncSession, delivery_ids: Collection[UUID]) -> dict[UUID, int]:
    stored = select(TelegramMessage.delivery_id, TelegramMessage.message_id)
    rows = await session.execute(stored.where(TelegramMessage.delivery_id.in_(delivery_ids)))
    return {row.delivery_id: row.message_id for row in rows}


async def firsts(
    session: AsyncSession, chat_id: int, recipient: str, alert_ids: Collection[UUID]
) -> dict[UUID, SentMessage]:
    wanted = (
        select(
            TelegramMessage.alert_id,
            TelegramMessage.delivery_id,
            TelegramMessage.message_id,
            TelegramMessage.is_digest,
        )
        .ext(distinct_on(TelegramMessage.alert_id))
        .filter_by(recipient=recipient, chat_id=chat_id)
        .where(TelegramMessage.alert_id.in_(alert_ids))
        .order_by(TelegramMessage.alert_id, TelegramMessage.sent_at, TelegramMessage.message_id)
    )
    rows = await session.execute(wanted)
    return {row.alert_id: SentMessage(row.delivery_id, row.message_id, row.is_digest) for row in rows}


async def first_of_places(session: AsyncSession, chat_id: int, job: Job, alert: AlertRaised) -> SentMessage | None:
    if alert.hazard_type is None or not alert.pcodes:
        return None
    night, places = night_of(alert), list(alert.pcodes)
    wanted = (
        select(TelegramMessage.delivery_id, TelegramMessage.message_id, TelegramMessage.is_digest)
        .join(AlertRow, AlertRow.alert_id == TelegramMessage.alert_id)
        .where(AlertRow.raised_at >= night, AlertRow.raised_at < night + DAY, AlertRow.status == alert.status)
        .where(AlertRow.__table__.c.hazard_type == alert.hazard_type)
        .where(*(AlertRow.pcodes.op(within, return_type=Boolean())(places) for within in ("@>", "<@")))
        .where(TelegramMessage.chat_id == chat_id, TelegramMessage.recipient == job.recipient)
        .where(~TelegramMessage.is_digest)
        .order_by(TelegramMessage.sent_at, TelegramMessage.message_id)
    )
    row = (await session.execute(wanted.limit(1))).one_or_none()
    return None if row is None else SentMessage(row.delivery_id, row.message_id, row.is_digest)


async def pressed(session: AsyncSession, delivery_id: UUID, chat_id: int) -> PressedDelivery | None:
    """Returns None if no Telegram delivery has this id in this chat.

    If a sent message could not be stored, its chat is unknown, and its button works in any chat.
    """
    of_receiver = ReceiverRow.label == Delivery.recipient
    language = select(ReceiverRow.language).where(of_receiver).scalar_subquery()
    is_internal = select(ReceiverRow.is_internal).where(of_receiver).scalar_subquery()
    wanted = select(
        Delivery.delivery_id,
        Delivery.alert_id,
        Delivery.cause,
        Delivery.content,
        func.coalesce(TelegramMessage.language, language, DEFAULT).label("language"),
        func.coalesce(TelegramMessage.is_digest, false()).label("is_digest"),
        func.coalesce(is_internal, false()).label("is_internal"),
        func.coalesce(TelegramMessage.sent_at, Delivery.created_at).label("sent_at"),
    ).outerjoin(TelegramMessage, TelegramMessage.delivery_id == Delivery.delivery_id)
    is_wanted = (Delivery.delivery_id == delivery_id, Delivery.channel == DeliveryChannel.TELEGRAM.value)
    of_chat = or_(TelegramMessage.chat_id.is_(None), TelegramMessage.chat_id == chat_id)
    row = (await session.execute(wanted.where(*is_wanted, of_chat))).mappings().one_or_none()
    return None if row is None else PressedDelivery(**row)


async def ask(session: AsyncSession, chat_id: int, message_id: int, delivery: PressedDelivery, now: datetime) -> None:
    shown = {"alert_id": delivery.alert_id, "language": delivery.language, "sequence": delivery.sequence}
    values = {**shown, "asked_at": now}
    row = insert(TelegramQuestion).values(chat_id=chat_id, message_id=message_id, **values)
    await session.execute(row.on_conflict_do_nothing())
    await session.execute(delete(TelegramQuestion).where(TelegramQuestion.asked_at < now - KEPT))


async def question(session: AsyncSession, chat_id: int, message_id: int) -> TelegramQuestion | None:
    """Returns the question even if it is too old to answer."""
    return await session.get(TelegramQuestion, (chat_id, message_id))


async def in_chat(session: AsyncSession, chat_id: int, message_id: int) -> TelegramMessage | None:
    """Returns the first row of a digest."""
    wanted = select(TelegramMessage).filter_by(chat_id=chat_id, message_id=message_id)
    return (await session.scalars(wanted.order_by(TelegramMessage.delivery_id).limit(1))).first()


async def store(session: AsyncSession, jobs: Sequence[Job], chat_id: int, message_id: int, language: str) -> None:
    """Expects the deliveries of a digest in the digest's order."""
    rows = [
        {
            "delivery_id": job.delivery_id,
            "alert_id": job.alert_id,
            "recipient": job.recipient,
            "chat_id": chat_id,
            "message_id": message_id,
            "language": language,
            "is_digest": len(jobs) > 1,
            "position": position,
        }
        for position, job in enumerate(jobs)
    ]
    await session.execute(insert(TelegramMessage).values(rows).on_conflict_do_nothing())

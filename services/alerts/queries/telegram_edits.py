"""The Telegram messages that no longer show an alert as it is, until they are edited; the caller commits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import AlertRow, TelegramMessage

AT_ONCE = 20
AGAIN_AFTER = timedelta(minutes=1)  # an edit that failed is repeated after this time


@dataclass(frozen=True, slots=True)
class OutdatedMessage:
    """A message that is edited now. If the edit fails, the message is edited again at `again_at`."""

    delivery_id: UUID
    alert_id: UUID
    recipient: str
    chat_id: int
    message_id: int
    language: str
    again_at: datetime


async def mark(session: AsyncSession, alert_ids: Collection[UUID]) -> None:
    """Lets the first message about each of these alerts be edited in each chat. A digest is not edited."""
    sent, keys = TelegramMessage, (TelegramMessage.alert_id, TelegramMessage.recipient, TelegramMessage.chat_id)
    first = select(sent.delivery_id).ext(distinct_on(*keys)).where(sent.alert_id.in_(alert_ids))
    first = first.order_by(*keys, sent.sent_at, sent.message_id)
    is_wanted = (sent.delivery_id.in_(first), ~sent.is_digest)
    await session.execute(update(sent).where(*is_wanted).values(edit_at=func.now()))


async def claim(session: AsyncSession) -> list[OutdatedMessage]:
    """Claims up to 20 messages whose edit is due. Messages that another worker has locked are skipped."""
    sent = TelegramMessage
    due = select(sent.delivery_id).where(sent.edit_at <= func.now()).order_by(sent.edit_at).limit(AT_ONCE)
    ids = (await session.scalars(due.with_for_update(skip_locked=True))).all()
    claimed = update(sent).where(sent.delivery_id.in_(ids)).values(edit_at=func.now() + AGAIN_AFTER)
    columns = (sent.delivery_id, sent.alert_id, sent.recipient, sent.chat_id, sent.message_id, sent.language)
    rows = await session.execute(claimed.returning(*columns, sent.edit_at.label("again_at")))
    return [OutdatedMessage(**row) for row in rows.mappings()]


async def settle(session: AsyncSession, message: OutdatedMessage, shown: datetime | None) -> None:
    """Stores that the message shows the alert as it was after the change at the time `shown`.

    If the alert has changed since, the message is edited again. If `shown` is None, the message is never edited.
    """
    is_claimed = (TelegramMessage.delivery_id == message.delivery_id, TelegramMessage.edit_at == message.again_at)
    statement = update(TelegramMessage).where(*is_claimed).values(edit_at=None)
    if shown is not None:
        changed_at = select(AlertRow.changed_at).where(AlertRow.alert_id == message.alert_id).scalar_subquery()
        statement = statement.where(changed_at == shown)
    await session.execute(statement)

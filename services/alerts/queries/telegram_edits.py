"""Finds Telegram messages that show an old state of an alert, until they are edited. The caller commits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.alerts.models import AlertRow, Delivery, TelegramMessage

AT_ONCE = 20
DIGESTS_EDITED_FOR = timedelta(hours=48)  # After this time, the buttons of a digest do not work any more.
AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OutdatedMessage:
    """A failed edit is repeated at `again_at`."""

    delivery_id: UUID
    alert_id: UUID
    recipient: str
    chat_id: int
    message_id: int
    language: str
    is_digest: bool
    again_at: datetime


@dataclass(frozen=True, slots=True)
class DigestDelivery:
    delivery_id: UUID
    alert_id: UUID
    cause: str
    position: int | None


async def mark(session: AsyncSession, unannounced: Collection[UUID], announced: Collection[UUID]) -> None:
    """Marks messages for an edit: for an `unannounced` alert, the first message in each chat, and all digests.

    For an `announced` alert, marks only digests, because the next message about the alert also edits the first one. A
    digest sent by an earlier release of Dayar is not edited, because the order of its alerts is not known.
    """
    sent, first = TelegramMessage, _firsts(unannounced)
    is_digest = and_(sent.is_digest, sent.position.is_not(None), sent.sent_at > func.now() - DIGESTS_EDITED_FOR)
    is_wanted = or_(and_(sent.delivery_id.in_(first), ~sent.is_digest), is_digest)
    of_alerts = sent.alert_id.in_({*unannounced, *announced})
    await session.execute(update(sent).where(of_alerts, is_wanted).values(edit_at=func.now()))


async def mark_changed(session: AsyncSession, recipient: str, alert_id: UUID, shown: datetime | None) -> None:
    """Marks the receiver's first message for an edit, if the alert has changed since `shown`.

    Deliveries to other receivers also raise the alert's sequence, so the sequence is not compared. Waits for a
    transaction that is changing the alert, because that transaction marks only messages that are already stored.
    """
    changed_at = select(AlertRow.changed_at).where(AlertRow.alert_id == alert_id).with_for_update(read=True)
    if await session.scalar(changed_at) != shown:
        firsts = _firsts([alert_id]).where(TelegramMessage.recipient == recipient)
        is_wanted = (TelegramMessage.delivery_id.in_(firsts), ~TelegramMessage.is_digest)
        await session.execute(update(TelegramMessage).where(*is_wanted).values(edit_at=func.now()))


async def mark_outdated(session: AsyncSession, recipient: str, alert_ids: Collection[UUID]) -> None:
    """Skips locked rows.

    The transaction with the lock marks the message itself, or stores that the message shows the newest state.
    """
    sent, firsts = TelegramMessage, _firsts(alert_ids).where(TelegramMessage.recipient == recipient)
    outdated = select(sent.delivery_id).where(sent.delivery_id.in_(firsts), ~sent.is_digest)
    unlocked = outdated.with_for_update(skip_locked=True, of=sent)
    await session.execute(update(sent).where(sent.delivery_id.in_(unlocked)).values(edit_at=func.now()))


def _firsts(alert_ids: Collection[UUID]) -> Select[UUID]:
    sent, keys = TelegramMessage, (TelegramMessage.alert_id, TelegramMessage.recipient, TelegramMessage.chat_id)
    first = select(sent.delivery_id).ext(distinct_on(*keys)).where(sent.alert_id.in_(alert_ids))
    return first.order_by(*keys, sent.sent_at, sent.message_id)


async def mark_digest(
    session: AsyncSession, chat_id: int, message_id: int, shown: Mapping[UUID, datetime | None]
) -> None:
    """`shown` maps each alert of the digest to the time of the state that the digest shows.

    A locked alert counts as changed, so that this transaction does not wait.
    """
    sent, is_shown = TelegramMessage, tuple_(AlertRow.alert_id, AlertRow.changed_at).in_(list(shown.items()))
    unchanged = select(AlertRow.alert_id).where(is_shown).with_for_update(read=True, skip_locked=True)
    ids = (await session.scalars(unchanged)).all()
    is_changed = (sent.chat_id == chat_id, sent.message_id == message_id, sent.is_digest, sent.alert_id.not_in(ids))
    await session.execute(update(sent).where(*is_changed).values(edit_at=func.now()))


async def claim(session: AsyncSession) -> list[OutdatedMessage]:
    """Skips messages that another worker has locked.

    A digest has a row for each delivery, but is claimed and returned only once.
    """
    sent, other = TelegramMessage, aliased(TelegramMessage)
    is_same = (other.chat_id == sent.chat_id, other.message_id == sent.message_id)
    is_claimed = select(other.delivery_id).where(*is_same, other.edit_at > func.now()).exists()
    due = select(sent.delivery_id).where(sent.edit_at <= func.now(), or_(~sent.is_digest, ~is_claimed))
    due = due.order_by(sent.edit_at).limit(AT_ONCE)
    ids = (await session.scalars(due.with_for_update(skip_locked=True))).all()
    claimed = update(sent).where(sent.delivery_id.in_(ids)).values(edit_at=func.now() + AGAIN_AFTER)
    columns = (
        sent.delivery_id,
        sent.alert_id,
        sent.recipient,
        sent.chat_id,
        sent.message_id,
        sent.language,
        sent.is_digest,
    )
    rows = await session.execute(claimed.returning(*columns, sent.edit_at.label("again_at")))
    outdated = [OutdatedMessage(**row) for row in rows.mappings()]
    return list({(message.chat_id, message.message_id): message for message in outdated}.values())


async def deliveries_of(session: AsyncSession, digest: OutdatedMessage) -> Sequence[DigestDelivery]:
    sent = TelegramMessage
    wanted = select(sent.delivery_id, sent.alert_id, Delivery.cause, sent.position).join(
        Delivery, Delivery.delivery_id == sent.delivery_id
    )
    of_digest = wanted.where(sent.chat_id == digest.chat_id, sent.message_id == digest.message_id)
    return [DigestDelivery(*row) for row in await session.execute(of_digest.order_by(sent.position))]


async def settle_digest(session: AsyncSession, digest: OutdatedMessage, shown: Mapping[UUID, datetime] | None) -> None:
    """If an alert has changed since its time in `shown`, the digest is edited once more.

    `shown` = None gives the edit up until an alert of the digest changes.
    """
    sent = TelegramMessage
    is_wanted = (sent.chat_id == digest.chat_id, sent.message_id == digest.message_id, sent.edit_at.is_not(None))
    settled = select(sent.delivery_id).where(*is_wanted)
    if shown is not None:
        is_current = tuple_(AlertRow.alert_id, AlertRow.changed_at).in_(list(shown.items()))
        settled = settled.where(sent.alert_id.in_(select(AlertRow.alert_id).where(is_current)))
    # Locked rows are skipped, because their transaction may wait for other rows of this digest.
    settled = settled.with_for_update(skip_locked=True, of=sent)
    await session.execute(update(sent).where(sent.delivery_id.in_(settled)).values(edit_at=None))


async def settle(session: AsyncSession, message: OutdatedMessage, shown: datetime | None) -> None:
    """If the alert has changed since `shown`, the message is edited once more.

    `shown` = None gives the edit up until the alert changes.
    """
    is_claimed = (TelegramMessage.delivery_id == message.delivery_id, TelegramMessage.edit_at == message.again_at)
    statement = update(TelegramMessage).where(*is_claimed).values(edit_at=None)
    if shown is not None:
        changed_at = select(AlertRow.changed_at).where(AlertRow.alert_id == message.alert_id).scalar_subquery()
        statement = statement.where(changed_at == shown)
    await session.execute(statement)

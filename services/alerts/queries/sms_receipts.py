"""SQL for SMS that wait for receipts, and for the states from receipts. The caller commits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import Delivery, EarlySmsReceipt, SmsMessage
from services.alerts.queries import sms_parts as part_queries
from services.alerts.queries.sms_parts import replaces
from services.alerts.sms.gateway import SmsReceiptState
from services.alerts.sms.numbers import PREFIX

# Dayar stores an SMS milliseconds after the gateway accepted it, so an hour is more than enough.
EARLY_FOR = timedelta(hours=1)


class ReceiptResult(StrEnum):
    STORED = "stored"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


async def messages(session: AsyncSession, delivery_ids: Sequence[UUID]) -> dict[UUID, SmsMessage]:
    rows = await session.scalars(select(SmsMessage).where(SmsMessage.delivery_id.in_(delivery_ids)))
    return {row.delivery_id: row for row in rows}


async def add_messages(
    session: AsyncSession, delivery_ids: Sequence[UUID], message_id: str | None, now: datetime, *, parts: int | None
) -> SmsReceiptState | None:
    """Returns the state of receipts that came before the SMS was stored.

    `parts` is the number of parts, if the gateway gives a receipt for each part.
    """
    state, state_at = await _early(session, message_id) if message_id is not None else (None, None)
    if state is None and message_id is not None and parts is not None:
        state = await part_queries.whole_state_of(session, message_id, parts)
        state_at = None if state is None else now
    message = {"message_id": message_id, "accepted_at": now, "state": state, "state_at": state_at}
    session.add_all(SmsMessage(delivery_id=id, parts=parts, **message) for id in delivery_ids)
    return None if state is None else SmsReceiptState(state)


async def take(
    session: AsyncSession, message_id: str, state: SmsReceiptState, now: datetime, *, part: str | None = None
) -> ReceiptResult:
    """The worker settles the deliveries of the SMS at once.

    For receipts about parts, the SMS gets its state when all parts have receipts, or when one part has failed.
    """
    await lock(session, message_id)
    of_id = SmsMessage.message_id == message_id
    newest = select(func.max(SmsMessage.accepted_at)).where(of_id).scalar_subquery()
    rows = (await session.scalars(select(SmsMessage).where(of_id, SmsMessage.accepted_at == newest))).all()
    if part is not None:
        is_new = await part_queries.store(session, message_id, part, state, now)
        whole = await part_queries.whole_state_of(session, message_id, rows[0].parts or 1) if rows else None
        if whole is None:
            return ReceiptResult.UNKNOWN if not rows else ReceiptResult.STORED if is_new else ReceiptResult.REPEATED
        state = whole
    if not rows:
        return await _keep(session, message_id, state, now)
    changed = [row for row in rows if replaces(state, row.state)]
    for row in changed:
        row.state, row.state_at = state, now
    ids = [row.delivery_id for row in changed]
    waiting = (Delivery.delivery_id.in_(ids), Delivery.settled_at.is_(None), Delivery.lease.is_(None))
    await session.execute(update(Delivery).where(*waiting).values(due_at=func.now()))
    return ReceiptResult.STORED if changed else ReceiptResult.REPEATED


async def store(session: AsyncSession, message: SmsMessage, state: SmsReceiptState, now: datetime) -> None:
    of_message = (SmsMessage.message_id == message.message_id, SmsMessage.accepted_at == message.accepted_at)
    await session.execute(update(SmsMessage).where(*of_message).values(state=state, state_at=now))


async def _early(session: AsyncSession, message_id: str) -> tuple[str | None, datetime | None]:
    await lock(session, message_id)
    early = delete(EarlySmsReceipt).where(EarlySmsReceipt.message_id == message_id)
    row = (await session.execute(early.returning(EarlySmsReceipt.state, EarlySmsReceipt.received_at))).one_or_none()
    return (None, None) if row is None else (row.state, row.received_at)


async def _keep(session: AsyncSession, message_id: str, state: SmsReceiptState, now: datetime) -> ReceiptResult:
    await session.execute(delete(EarlySmsReceipt).where(EarlySmsReceipt.received_at < now - EARLY_FOR))
    early = await session.get(EarlySmsReceipt, message_id)
    if early is None:
        session.add(EarlySmsReceipt(message_id=message_id, state=state, received_at=now))
    elif replaces(state, early.state):
        early.state, early.received_at = state, now
    return ReceiptResult.UNKNOWN


async def lock(session: AsyncSession, message_id: str) -> None:
    """Without the lock, two transactions could store an SMS and its receipt, and neither would see the other's row."""
    key = f"{PREFIX}receipt:{message_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))

"""The SQL of short messages that wait for receipts, and of the states in their receipts; the caller commits."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import Delivery, EarlySmsReceipt, SmsMessage
from services.alerts.sms.gateway import SmsReceiptState
from services.alerts.sms.numbers import PREFIX

# an hour is ample, because a message is stored milliseconds after the gateway accepted it
EARLY_FOR = timedelta(hours=1)
ORDER = tuple(SmsReceiptState)


class ReceiptResult(StrEnum):
    """What a receipt changed."""

    STORED = "stored"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


async def add_message(session: AsyncSession, message: SmsMessage) -> None:
    """Stores the message.

    If its receipt came earlier than this call, the receipt's state is stored with the message.
    """
    if message.message_id is not None:
        await lock(session, message.message_id)
        early = delete(EarlySmsReceipt).where(EarlySmsReceipt.message_id == message.message_id)
        known = (await session.execute(early.returning(EarlySmsReceipt.state, EarlySmsReceipt.received_at))).first()
        message.state, message.state_at = known or (None, None)
    session.add(message)


async def take(session: AsyncSession, message_id: str, state: SmsReceiptState, now: datetime) -> ReceiptResult:
    """Stores the state of the newest message with this id, and lets the worker settle its delivery at once."""
    await lock(session, message_id)
    newest = select(SmsMessage).where(SmsMessage.message_id == message_id).order_by(SmsMessage.accepted_at.desc())
    message = (await session.scalars(newest.limit(1))).first()
    if message is None:
        return await _keep(session, message_id, state, now)
    if not replaces(state, message.state):
        return ReceiptResult.REPEATED
    message.state, message.state_at = state, now
    waiting = (Delivery.delivery_id == message.delivery_id, Delivery.settled_at.is_(None), Delivery.lease.is_(None))
    await session.execute(update(Delivery).where(*waiting).values(due_at=func.now()))
    return ReceiptResult.STORED


async def store(session: AsyncSession, delivery_id: UUID, state: SmsReceiptState, now: datetime) -> None:
    """Stores the state of a receipt for which we asked."""
    stored = update(SmsMessage).where(SmsMessage.delivery_id == delivery_id)
    await session.execute(stored.values(state=state, state_at=now))


async def _keep(session: AsyncSession, message_id: str, state: SmsReceiptState, now: datetime) -> ReceiptResult:
    await session.execute(delete(EarlySmsReceipt).where(EarlySmsReceipt.received_at < now - EARLY_FOR))
    early = await session.get(EarlySmsReceipt, message_id)
    if early is None:
        session.add(EarlySmsReceipt(message_id=message_id, state=state, received_at=now))
    elif replaces(state, early.state):
        early.state, early.received_at = state, now
    return ReceiptResult.UNKNOWN


def replaces(state: SmsReceiptState, former: str | None) -> bool:
    """Whether the state replaces the former state. A state that is only known to a later release is never replaced."""
    known: list[str | None] = [None, *ORDER]
    return former in known and known.index(state) > known.index(former)


async def lock(session: AsyncSession, message_id: str) -> None:
    """Locks the id.

    Otherwise, two transactions could store a message and its receipt without seeing each other's rows.
    """
    key = f"{PREFIX}receipt:{message_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))

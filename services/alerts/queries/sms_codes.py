"""The codes of short messages, and the replies of people; the caller commits."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.delivery.notices import Content
from services.alerts.models import ContactRow, Delivery, ReceiverRow, SmsCode, SmsReply
from services.alerts.sms.numbers import PREFIX
from shared.postgres.models import table

VALID = timedelta(hours=48)
HOUR = timedelta(hours=1)
CODES = tuple(f"{number:04}" for number in range(1000, 10000))


@dataclass(frozen=True, slots=True)
class Holder:
    """A receiver that has the number as a contact."""

    label: str
    language: str
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class CodedDelivery:
    """A delivery whose SMS has a code. `sequence` is that of the alert that the SMS describes."""

    number: str
    code: str
    alert_id: UUID
    recipient: str
    cause: str
    sequence: int


@dataclass(frozen=True, slots=True)
class LastHour:
    """How many messages of a number had a wrong code in the last hour, and how many of these were answered."""

    wrong: int
    answered: int


async def code_of(session: AsyncSession, delivery_id: UUID, number: str, now: datetime) -> str | None:
    """The delivery's code, which is the same in every attempt.

    None if the number got all possible codes within 48 hours.
    """
    await lock(session, number)
    known = await session.scalar(select(SmsCode.code).filter_by(delivery_id=delivery_id))
    if known is not None:
        return known
    await session.execute(delete(SmsCode).where(SmsCode.drawn_at < now - VALID))
    used = set(await session.scalars(select(SmsCode.code).filter_by(number=number)))
    free = [code for code in CODES if code not in used]
    if not free:
        return None
    code = secrets.choice(free)
    await session.execute(insert(SmsCode).values(delivery_id=delivery_id, number=number, code=code, drawn_at=now))
    return code


async def delivery_of(session: AsyncSession, number: str, code: str, now: datetime) -> CodedDelivery | None:
    """The delivery to this number that has this code, unless the code is older than 48 hours."""
    return next(iter(await _coded(session, number, SmsCode.code == code, now)), None)


async def deliveries_about(session: AsyncSession, alert_id: UUID, number: str, now: datetime) -> list[CodedDelivery]:
    """The alert's deliveries to this number whose codes are valid. The newest delivery is the first."""
    deliveries = await _coded(session, number, Delivery.alert_id == alert_id, now)
    return sorted(deliveries, key=lambda delivery: delivery.sequence, reverse=True)


async def _coded(
    session: AsyncSession, number: str, is_wanted: ColumnElement[bool], now: datetime
) -> list[CodedDelivery]:
    wanted = select(SmsCode.code, Delivery.alert_id, Delivery.recipient, Delivery.cause, Delivery.content)
    of_code = wanted.join(SmsCode, SmsCode.delivery_id == Delivery.delivery_id)
    rows = await session.execute(of_code.where(is_wanted, SmsCode.number == number, SmsCode.drawn_at >= now - VALID))
    return [
        CodedDelivery(number, code, alert_id, recipient, cause, Content.model_validate_json(content).data.sequence)
        for code, alert_id, recipient, cause, content in rows
    ]


async def holders(session: AsyncSession, number: str) -> list[Holder]:
    """The receivers that have this number, sorted by label."""
    own, further, address = table(ReceiverRow).c, table(ContactRow).c, f"{PREFIX}{number}"
    also = select(further.label).where(further.address == address)
    wanted = select(own.label, own.language, own.account_id).where(or_(own.address == address, own.label.in_(also)))
    return [Holder(*row) for row in await session.execute(wanted.order_by(own.label))]


async def is_new(session: AsyncSession, message_id: str, number: str, now: datetime) -> bool:
    """Stores the message. Returns False if it was stored before."""
    await session.execute(delete(SmsReply).where(SmsReply.received_at < now - VALID))
    row = insert(SmsReply).values(message_id=message_id, number=number, received_at=now)
    stored = row.on_conflict_do_nothing().returning(SmsReply.message_id)
    return await session.scalar(stored) is not None


async def last_hour(session: AsyncSession, number: str, now: datetime) -> LastHour:
    counts = (func.count().filter(SmsReply.is_wrong), func.count().filter(SmsReply.is_wrong, SmsReply.is_answered))
    wanted = select(*counts).where(SmsReply.number == number, SmsReply.received_at > now - HOUR)
    wrong, answered = (await session.execute(wanted)).one()
    return LastHour(wrong, answered)


async def settle(session: AsyncSession, message_id: str, *, is_wrong: bool, is_answered: bool) -> None:
    stored = update(SmsReply).where(SmsReply.message_id == message_id)
    await session.execute(stored.values(is_wrong=is_wrong, is_answered=is_answered))


async def lock(session: AsyncSession, number: str) -> None:
    """Locks the number.

    Until the end of the transaction, no other transaction draws a code for the number or handles its messages.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{PREFIX}{number}", 0))))

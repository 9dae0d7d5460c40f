"""Stores the codes of SMS, and the replies of people. The caller commits."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.delivery.notices import Content
from services.alerts.models import ContactRow, Delivery, ReceiverRow, SmsCode, SmsReply
from services.alerts.sms.numbers import PREFIX
from shared.events import AlertRaised
from shared.postgres.models import table

VALID = timedelta(hours=48)
HOUR = timedelta(hours=1)
CODES = tuple(f"{number:04}" for number in range(1000, 10000))


@dataclass(frozen=True, slots=True)
class Holder:
    label: str
    language: str
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class CodedDelivery:
    """All deliveries of a combined SMS have one code.

    `alert` is the alert as the SMS shows it. A reply acts on the alert at `sequence`, as the SMS or our later answer
    shows the alert.
    """

    delivery_id: UUID
    code: str
    alert_id: UUID
    recipient: str
    cause: str
    is_combined: bool
    alert: AlertRaised
    sequence: int


@dataclass(frozen=True, slots=True)
class LastHour:
    wrong: int
    answered: int


async def code_of(
    session: AsyncSession, delivery_ids: Sequence[UUID], number: str, now: datetime, *, is_combined: bool = False
) -> str | None:
    """All attempts of a message have one code.

    A retry with other deliveries gets a new code. The code of an earlier attempt stays valid, because that SMS may have
    arrived. Returns None if the number already got every possible code within 48 hours.
    """
    await lock(session, number)
    await session.execute(delete(SmsCode).where(SmsCode.drawn_at < now - VALID))
    known = select(SmsCode.code).filter_by(number=number, is_combined=is_combined).group_by(SmsCode.code)
    of_message = func.count().filter(SmsCode.delivery_id.in_(delivery_ids))
    is_same = (func.count() == len(delivery_ids), of_message == len(delivery_ids))
    if (code := await session.scalar(known.having(*is_same).limit(1))) is not None:
        return code
    used = set(await session.scalars(select(SmsCode.code).filter_by(number=number).distinct()))
    free = [code for code in CODES if code not in used]
    if not free:
        return None
    code = secrets.choice(free)
    values = {"number": number, "code": code, "drawn_at": now, "is_combined": is_combined}
    await session.execute(insert(SmsCode).values([{"delivery_id": id, **values} for id in delivery_ids]))
    return code


async def deliveries_of(session: AsyncSession, number: str, code: str, now: datetime) -> list[CodedDelivery]:
    """Ignores codes older than 48 hours."""
    return await _coded(session, number, SmsCode.code == code, now)


async def deliveries_about(session: AsyncSession, alert_id: UUID, number: str, now: datetime) -> list[CodedDelivery]:
    """The delivery whose message shows the newest state comes first.

    A delivery with several codes is listed once for each code, the newest code first.
    """
    deliveries = await _coded(session, number, Delivery.alert_id == alert_id, now)
    return sorted(deliveries, key=lambda delivery: delivery.sequence, reverse=True)


async def _coded(
    session: AsyncSession, number: str, is_wanted: ColumnElement[bool], now: datetime
) -> list[CodedDelivery]:
    wanted = select(SmsCode, Delivery.alert_id, Delivery.recipient, Delivery.cause, Delivery.content)
    of_code = wanted.join(Delivery, Delivery.delivery_id == SmsCode.delivery_id)
    of_number = of_code.where(is_wanted, SmsCode.number == number, SmsCode.drawn_at >= now - VALID)
    rows = await session.execute(of_number.order_by(SmsCode.drawn_at.desc()))
    return [
        coded_delivery(code, alert_id, recipient, cause, content) for code, alert_id, recipient, cause, content in rows
    ]


def coded_delivery(code: SmsCode, alert_id: UUID, recipient: str, cause: str, content: str) -> CodedDelivery:
    alert = Content.model_validate_json(content).data
    sequence = max(alert.sequence, code.shown_sequence or 0)
    return CodedDelivery(
        code.delivery_id, code.code, alert_id, recipient, cause, code.is_combined, alert, sequence=sequence
    )


async def show(session: AsyncSession, delivery_id: UUID, sequence: int) -> None:
    """Later replies with a code of this delivery act on the state of the alert at `sequence`."""
    stored = update(SmsCode).where(SmsCode.delivery_id == delivery_id)
    await session.execute(stored.values(shown_sequence=func.greatest(SmsCode.shown_sequence, sequence)))


async def holders(session: AsyncSession, number: str) -> list[Holder]:
    own, further, address = table(ReceiverRow).c, table(ContactRow).c, f"{PREFIX}{number}"
    also = select(further.label).where(further.address == address)
    wanted = select(own.label, own.language, own.account_id).where(or_(own.address == address, own.label.in_(also)))
    return [Holder(*row) for row in await session.execute(wanted.order_by(own.label))]


async def is_known(session: AsyncSession, message_id: str, now: datetime) -> bool:
    """Also deletes replies older than 48 hours."""
    await session.execute(delete(SmsReply).where(SmsReply.received_at < now - VALID))
    return await session.get(SmsReply, message_id) is not None


async def store(
    session: AsyncSession,
    message_id: str,
    number: str,
    now: datetime,
    *,
    is_wrong: bool = False,
    is_answered: bool = False,
) -> bool:
    """Returns False if the reply was stored before."""
    row = {"message_id": message_id, "number": number, "received_at": now}
    added = insert(SmsReply).values(**row, is_wrong=is_wrong, is_answered=is_answered)
    stored = added.on_conflict_do_nothing().returning(SmsReply.message_id)
    return await session.scalar(stored) is not None


async def last_hour(session: AsyncSession, number: str, now: datetime) -> LastHour:
    counts = (func.count().filter(SmsReply.is_wrong), func.count().filter(SmsReply.is_wrong, SmsReply.is_answered))
    wanted = select(*counts).where(SmsReply.number == number, SmsReply.received_at > now - HOUR)
    wrong, answered = (await session.execute(wanted)).one()
    return LastHour(wrong, answered)


async def lock(session: AsyncSession, number: str) -> None:
    """Until this transaction ends, no other transaction draws a code for the number or handles a reply from it."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{PREFIX}{number}", 0))))

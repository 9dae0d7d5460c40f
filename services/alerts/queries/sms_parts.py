"""SQL for receipts about one part of an SMS. The caller locks the SMS, and commits."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import SmsPart
from services.alerts.sms.gateway import SmsReceiptState, whole_state

KEPT_FOR = timedelta(days=2)
ORDER = tuple(SmsReceiptState)


async def store(session: AsyncSession, message_id: str, part: str, state: SmsReceiptState, now: datetime) -> bool:
    """Returns False if this state, or a later one, is already stored for the part."""
    await session.execute(delete(SmsPart).where(SmsPart.state_at < now - KEPT_FOR))
    known = await session.get(SmsPart, (message_id, part))
    if known is None:
        session.add(SmsPart(message_id=message_id, part=part, state=state, state_at=now))
        await session.flush()
        return True
    if is_new := replaces(state, known.state):
        known.state, known.state_at = state, now
        await session.flush()
    return is_new


async def whole_state_of(session: AsyncSession, message_id: str, parts: int) -> SmsReceiptState | None:
    states = await session.scalars(select(SmsPart.state).where(SmsPart.message_id == message_id))
    return whole_state([SmsReceiptState(state) for state in states if state in ORDER], parts)


def replaces(state: SmsReceiptState, former: str | None) -> bool:
    """A state that only a later release of Dayar knows is never replaced."""
    known: list[str | None] = [None, *ORDER]
    return former in known and known.index(state) > known.index(former)

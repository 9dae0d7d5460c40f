"""Stores which updates of a bot have been read, and why Telegram gives no updates. The caller commits."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import TelegramPoll

# After a week without updates, Telegram continues with a random number, so a stored number could hide new updates.
# Telegram keeps updates for 24 hours, so an update handled more than 24 hours ago cannot come again.
NUMBERS_LAST = timedelta(hours=36)


async def next_update(session: AsyncSession, bot_id: int, now: datetime) -> int | None:
    """Returns None if Telegram may by now use another number."""
    poll = await session.get(TelegramPoll, bot_id)
    return _next(poll, now)


async def is_new(session: AsyncSession, bot_id: int, update_id: int, now: datetime) -> bool:
    """Returns False if the update was already handled."""
    await session.execute(insert(TelegramPoll).values(bot_id=bot_id, polled_at=now).on_conflict_do_nothing())
    poll = await session.get(TelegramPoll, bot_id, populate_existing=True, with_for_update=True)
    assert poll is not None
    expected = _next(poll, now)
    if expected is not None and update_id < expected:
        return False
    poll.next_update_id, poll.handled_at = update_id + 1, now
    return True


async def store(session: AsyncSession, bot_id: int, now: datetime, problem: str | None) -> None:
    """`problem` says why Telegram gave no updates, or is None if Telegram gave updates."""
    row = insert(TelegramPoll).values(bot_id=bot_id, polled_at=now, problem=problem)
    changed = {"problem": problem, **({"polled_at": now} if problem is None else {})}
    await session.execute(row.on_conflict_do_update(index_elements=["bot_id"], set_=changed))


async def store_username(session: AsyncSession, bot_id: int, username: str | None, now: datetime) -> None:
    row = insert(TelegramPoll).values(bot_id=bot_id, username=username, polled_at=now)
    await session.execute(row.on_conflict_do_update(index_elements=["bot_id"], set_={"username": username}))


async def newest(session: AsyncSession) -> TelegramPoll | None:
    """`username` is the bot's name in Telegram."""
    polls = select(TelegramPoll).order_by(TelegramPoll.polled_at.desc(), TelegramPoll.bot_id)
    return (await session.scalars(polls.limit(1))).one_or_none()


async def problem(session: AsyncSession) -> str | None:
    poll = await newest(session)
    return None if poll is None else poll.problem


def _next(poll: TelegramPoll | None, now: datetime) -> int | None:
    if poll is None or poll.handled_at is None or now - poll.handled_at > NUMBERS_LAST:
        return None
    return poll.next_update_id

"""Whether anybody sits at a board: each one says when it was last touched."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import BoardPresence

SHIFT = timedelta(hours=12)  # a board of which nothing was heard for so long is not missed


async def note(session: AsyncSession, board_id: UUID, account_id: UUID, last_input_at: datetime, now: datetime) -> None:
    """A browser whose clock is ahead was touched now. The caller commits."""
    known = {"account_id": account_id, "last_input_at": min(last_input_at, now), "seen_at": now}
    noted = insert(BoardPresence).values(board_id=board_id, **known)
    await session.execute(noted.on_conflict_do_update(index_elements=[BoardPresence.board_id], set_=known))
    await session.execute(delete(BoardPresence).where(BoardPresence.seen_at < now - SHIFT))


async def is_unattended(session: AsyncSession, now: datetime, patience: timedelta) -> bool:
    """Whether boards were open in the last hours, and none of them was touched of late."""
    newest = await session.scalar(
        select(func.max(BoardPresence.last_input_at)).where(BoardPresence.seen_at >= now - SHIFT)
    )
    return newest is not None and newest < now - patience

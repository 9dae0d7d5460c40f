"""Finds out whether anybody is using a board. Each open board reports when somebody last used the board."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import BoardPresence
from shared.postgres import database
from shared.postgres.upsert import upsert

SHIFT = timedelta(hours=12)  # A board that has sent no report for this time counts as closed.
# raw SQL: the worker runs this statement every two seconds
NEWEST_INPUT = "SELECT max(last_input_at) FROM presences WHERE seen_at >= $1"


async def note(session: AsyncSession, board_id: UUID, account_id: UUID, last_input_at: datetime, now: datetime) -> None:
    """A time in the future is stored as the present time. The caller commits."""
    input_at = min(last_input_at, now)
    row = {"board_id": board_id, "account_id": account_id, "last_input_at": input_at, "seen_at": now}
    await upsert(session, BoardPresence, [row])
    await session.execute(delete(BoardPresence).where(BoardPresence.seen_at < now - SHIFT))


async def is_unattended(session: AsyncSession, now: datetime, patience: timedelta) -> bool:
    """If no board is open, nobody sees alerts, so the boards count as unattended."""
    connection = await database.driver(session)
    newest: datetime | None = await connection.fetchval(NEWEST_INPUT, now - SHIFT)
    return newest is None or newest < now - patience

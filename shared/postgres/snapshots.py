"""A snapshot for the queries of one page, in which no statement takes long."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# raw SQL: SQLAlchemy has no SET. All statements of one page together take at most a few times this time.
TIMEOUT = text("SET LOCAL statement_timeout = '3s'")
SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def begin(session: AsyncSession) -> None:
    """Starts a snapshot, in which no statement takes longer than TIMEOUT.

    A statement that takes longer raises DBAPIError; `shared.failures.is_too_slow` recognises this error.
    """
    await session.execute(SNAPSHOT)
    await session.execute(TIMEOUT)

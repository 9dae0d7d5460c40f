"""A snapshot: all statements of one transaction see the same data."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# raw SQL: SQLAlchemy has no SET. A page has only a few statements, so the limit of a statement also limits the time of
# the whole page.
TIMEOUT = text("SET LOCAL statement_timeout = '3s'")


async def start(session: AsyncSession) -> None:
    """Call this function before the first statement of the transaction.

    The transaction begins as a snapshot without an additional round trip.
    """
    _ = await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def begin(session: AsyncSession) -> None:
    """Start a snapshot for the queries of one page.

    A statement that takes longer than TIMEOUT raises DBAPIError, which `shared.failures.is_too_slow` recognises.
    """
    await start(session)
    await session.execute(TIMEOUT)

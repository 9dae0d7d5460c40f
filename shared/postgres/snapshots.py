"""A snapshot: all statements of one transaction see the same data."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# raw SQL: SQLAlchemy has no SET. A page has only a few statements, so the limit for a statement also limits the time of
# the page.
TIMEOUT = text("SET LOCAL statement_timeout = '3s'")


async def start(session: AsyncSession) -> None:
    """The transaction must not have executed a statement before.

    The driver begins the transaction as a snapshot, without a round trip.
    """
    _ = await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def begin(session: AsyncSession) -> None:
    """For the queries of one page, in which no statement takes longer than TIMEOUT.

    A slower statement raises DBAPIError, which `shared.failures.is_too_slow` recognises.
    """
    await start(session)
    await session.execute(TIMEOUT)

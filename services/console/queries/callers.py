"""Callers by the report they told of, and who read them."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Caller, CallerReading


async def keep(session: AsyncSession, report_id: UUID, author: UUID, sealed: bytes) -> bool:
    """Whether it was kept: only its author may note a caller anew."""
    rows = await session.scalars(
        upsert(Caller)
        .values(report_id=report_id, author=author, sealed=sealed)
        .on_conflict_do_update(
            index_elements=[Caller.report_id], set_={"sealed": sealed}, where=Caller.author == author
        )
        .returning(Caller.report_id)
    )
    return rows.one_or_none() is not None


async def read(session: AsyncSession, report_id: UUID, reader: UUID) -> bytes | None:
    """Leaves a row that says who read it; the caller commits before it shows anything."""
    sealed = await session.scalar(select(Caller.sealed).where(Caller.report_id == report_id))
    if sealed is not None:
        await session.execute(insert(CallerReading).values(report_id=report_id, account_id=reader))
    return sealed

"""Queries for the rows of lists that were sent as reports."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.models import SentHead, SentRow, StoredReceipt


async def claim(session: AsyncSession, report_ids: Iterable[UUID], author: UUID, now: datetime) -> set[UUID]:
    """Store rows that are about to be sent. Returns the rows that no other request has stored.

    If another transaction stores the same rows, this waits until that transaction ends. The ids are sorted, so that
    two transactions never wait for each other.
    """
    rows = [{"report_id": id, "author": author, "sent_at": now} for id in sorted(report_ids)]
    claimed = insert(SentRow).on_conflict_do_nothing().returning(SentRow.report_id)
    return set((await session.scalars(claimed, rows)).all()) if rows else set()


async def release(session: AsyncSession, report_ids: Collection[UUID]) -> None:
    """Delete rows that were not sent."""
    await session.execute(delete(SentRow).where(SentRow.report_id.in_(report_ids)))


async def authors(session: AsyncSession, report_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """The sent reports with their authors. A report that was sent before this table existed has only a receipt."""
    sent = [
        select(table.report_id, table.author).where(table.report_id.in_(report_ids))
        for table in (SentRow, StoredReceipt)
    ]
    return [(report_id, author) for report_id, author in await session.execute(union(*sent))]


async def remember_heads(
    session: AsyncSession, head_ids: Collection[UUID], senders: Collection[UUID], now: datetime
) -> None:
    names = sorted((id, sender) for id in set(head_ids) for sender in senders)
    rows = [{"head_id": id, "sender": sender, "sent_at": now} for id, sender in names]
    if rows:
        await session.execute(insert(SentHead).on_conflict_do_nothing(), rows)


async def known_heads(session: AsyncSession, head_ids: Collection[UUID], senders: Collection[UUID]) -> set[UUID]:
    """The heads whose households the account or its team has sent."""
    known = select(SentHead.head_id).where(SentHead.head_id.in_(head_ids), SentHead.sender.in_(senders))
    return set((await session.scalars(known)).all())


async def forget(session: AsyncSession, before: datetime) -> None:
    for table in (SentRow, SentHead):
        await session.execute(delete(table).where(table.sent_at < before))

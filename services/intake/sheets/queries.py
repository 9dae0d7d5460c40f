"""Queries for the rows of lists that were sent as reports."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.models import SentHead, SentReport, SentRow, StoredReceipt
from services.intake.receipt_queries import state_of_outcome
from shared.events import HouseholdReport
from shared.events.receipts import ReceiptState


async def claim(session: AsyncSession, report_ids: Iterable[UUID], author: UUID, now: datetime) -> set[UUID]:
    """Store the ids of rows.

    Return the ids that were new. Waits for concurrent transactions with the same ids. All transactions sort their ids,
    which prevents deadlocks.
    """
    rows = [{"report_id": id, "author": author, "sent_at": now} for id in sorted(report_ids)]
    claimed = insert(SentRow).on_conflict_do_nothing().returning(SentRow.report_id)
    return set((await session.scalars(claimed, rows)).all()) if rows else set()


async def release(session: AsyncSession, report_ids: Collection[UUID]) -> None:
    await session.execute(delete(SentRow).where(SentRow.report_id.in_(report_ids)))


async def authors(session: AsyncSession, report_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Return the authors of reports. Reports from before the table `sheet_rows` are found by their receipts."""
    sent = [
        select(table.report_id, table.author).where(table.report_id.in_(report_ids))
        for table in (SentRow, StoredReceipt)
    ]
    return [(report_id, author) for report_id, author in await session.execute(union(*sent))]


async def remember_heads(
    session: AsyncSession, heads: Mapping[UUID, HouseholdReport], senders: Collection[UUID], now: datetime
) -> None:
    """Store the heads with their reports.

    An earlier report of a head is replaced only if the earlier report was refused. The rows are sorted by id, which
    prevents deadlocks.
    """
    rows = [
        {"head_id": id, "sender": sender, "sent_at": now, "report_id": report.report_id, "pcode": report.pcode}
        for id, report in sorted(heads.items())
        for sender in sorted(senders)
    ]
    if rows:
        of_head = SentHead.head_id.in_(heads), SentHead.sender.in_(senders)
        await session.execute(delete(SentHead).where(*of_head, is_refused()))
        await session.execute(insert(SentHead).on_conflict_do_nothing(), rows)


async def known_heads(session: AsyncSession, head_ids: Collection[UUID], senders: Collection[UUID]) -> set[UUID]:
    """Return the heads that one of the senders has sent.

    A head with a refused report is left out, so that its corrected row is sent like a new row.
    """
    of_senders = select(SentHead.head_id).where(SentHead.head_id.in_(head_ids), SentHead.sender.in_(senders))
    return set((await session.scalars(of_senders.where(~is_refused()))).all())


def is_refused() -> ColumnElement[bool]:
    """True if all outcomes of the head's report are refusals. False if there is no outcome."""
    all_refused = func.bool_and(state_of_outcome() == ReceiptState.REFUSED)
    outcomes = select(all_refused).where(StoredReceipt.report_id == SentHead.report_id)
    return func.coalesce(outcomes.correlate(SentHead).scalar_subquery(), False)


async def heads_of_others(
    session: AsyncSession, head_ids: Collection[UUID], senders: Collection[UUID]
) -> list[tuple[UUID, UUID, str | None]]:
    """Return the heads that others have sent, with report and place.

    Households with a refused report are left out, because these households are not registered.
    """
    of_others = select(SentHead.head_id, SentHead.report_id, SentHead.pcode).where(
        SentHead.head_id.in_(head_ids), SentHead.sender.not_in(senders), ~is_refused()
    )
    return [(id, report_id, pcode) for id, report_id, pcode in await session.execute(of_others) if report_id]


async def erase(session: AsyncSession, report_ids: Collection[UUID]) -> None:
    """Delete the rows, heads and sent notes of these reports, but not the receipts.

    The receipts prevent a new registration if a person sends the sheet again. The caller commits.
    """
    for table in (SentRow, SentHead, SentReport):
        await session.execute(delete(table).where(table.report_id.in_(report_ids)))


async def forget(session: AsyncSession, before: datetime) -> None:
    for table in (SentRow, SentHead):
        await session.execute(delete(table).where(table.sent_at < before))

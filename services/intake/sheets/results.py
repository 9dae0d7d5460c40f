"""Finds the rows of a sent sheet whose reports were refused or wait for a person."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake import receipt_queries
from services.intake.receipts import Receipt, receipt_of
from services.intake.sheets.imports import batched, ids_of
from services.intake.sheets.sheet_households import SheetHousehold
from shared.events.receipts import ReceiptState

NOT_RECORDED = ReceiptState.REFUSED, ReceiptState.UNDER_REVIEW


async def not_recorded(
    sessions: async_sessionmaker[AsyncSession], author: UUID, rows: Sequence[SheetHousehold]
) -> dict[UUID, Receipt]:
    """Return the receipts of refused and waiting reports, by the id of the report."""
    receipts: list[Receipt] = []
    for some in batched([id for row in rows for id in ids_of(row)]):
        async with sessions() as session:
            receipts += map(receipt_of, await receipt_queries.newest_of(session, author, some))
    return {receipt.report_id: receipt for receipt in receipts if receipt.state in NOT_RECORDED}


def result_of(row: SheetHousehold, receipts: Mapping[UUID, Receipt]) -> Receipt | None:
    ids: Iterable[UUID] = ids_of(row)
    return next((receipts[id] for id in ids if id in receipts), None)

"""The route that lists a caller's own reports with their receipts, for people at the desk."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.intake import own_report_queries, receipt_queries
from services.intake.own_report_queries import ListedReport, OwnReportsQuery
from services.intake.receipt_routes import Caller
from services.intake.receipts import Receipt, receipt_of, received
from services.intake.structs import MOVEMENT_KINDS
from shared.events.fields import Data
from shared.events.receipts import ReceiptState
from shared.events.vocabulary import MovementReason, ReportKind, SubmissionChannel
from shared.postgres.database import Session
from shared.web import cursors

router = APIRouter()


class OwnReceipt(Receipt):
    """A report of the caller, without any content.

    `sent_at` is the time when intake received the newest version. For a report whose sending was not noted, `sent_at`
    is the time of its outcome, and `channel` is None. `line` is the row of the file from which the report came.
    `record_id` is the id of the report's household, group, site or hazard, if the caller may open its page.
    """

    kind: ReportKind
    sent_at: datetime
    channel: SubmissionChannel | None = None
    line: int | None = None
    record_id: UUID | None = None


class OwnReceipts(Data):
    """One page of the caller's own reports, the newest first."""

    reports: list[OwnReceipt]
    next: str | None = None


@router.get("/v1/receipts")
async def own_reports(
    session: Session,
    caller: Caller,
    state: ReceiptState | None = None,
    kind: ReportKind | None = None,
    channel: SubmissionChannel | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OwnReceipts:
    query = OwnReportsQuery(caller.account, limit, state, kind, channel, cursors.decoded(cursor))
    rows = await own_report_queries.page(session, query)
    alerted = await receipt_queries.alerted(session, caller.account, [row.report_id for row in rows])
    return OwnReceipts(
        reports=[shown(row, alerted) for row in rows],
        next=cursors.encoded(rows[-1].at, rows[-1].report_id) if len(rows) == limit else None,
    )


def shown(row: ListedReport, alerted: Collection[UUID]) -> OwnReceipt:
    receipt = receipt_of(row.settled, alerted) if row.settled else received(row.report_id)
    return OwnReceipt(
        **receipt.model_dump(),
        kind=row.kind,
        sent_at=row.at,
        channel=row.channel,
        line=row.line,
        record_id=row.subject_id if has_record(row, receipt) else None,
    )


def has_record(row: ListedReport, receipt: Receipt) -> bool:
    """True if the registry has a page of the record, and the author may open the page.

    A waiting movement is on the page of its household. If the household is unknown, the movement is on no page.
    """
    if row.is_outside:
        return False
    is_judged_movement = row.kind in MOVEMENT_KINDS and receipt.state is not ReceiptState.RECEIVED
    return row.was_recorded or (is_judged_movement and receipt.reason is not MovementReason.HOUSEHOLD_UNKNOWN)

"""Lists the reports of an author that have a sent note or an outcome."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.models import SentReport, StoredReceipt
from services.intake.receipt_queries import state_of_outcome
from services.intake.receipts import SettledReport
from shared.events.receipts import ReceiptState
from shared.events.vocabulary import ReportKind, SubmissionChannel


@dataclass(frozen=True, slots=True)
class OwnReportsQuery:
    """`after` is the time and id of the last report on the previous page."""

    author: UUID
    limit: int
    state: ReceiptState | None = None
    kind: ReportKind | None = None
    channel: SubmissionChannel | None = None
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class ListedReport:
    """`settled` is the outcome of the report's newest version.

    `was_recorded` says whether any version was recorded.
    """

    report_id: UUID
    kind: ReportKind
    at: datetime
    settled: SettledReport | None
    was_recorded: bool
    channel: SubmissionChannel | None
    subject_id: UUID | None
    is_outside: bool
    line: int | None


async def page(session: AsyncSession, query: OwnReportsQuery) -> list[ListedReport]:
    """Return the newest reports first.

    The filters run on a materialized list. Without materialization, PostgreSQL would underestimate the number of rows,
    and compare each report with all outcomes.
    """
    listed = reports_of(query.author).cte().prefix_with("MATERIALIZED", dialect="postgresql")
    conditions = [
        *([listed.c.state == query.state] if query.state else []),
        *([listed.c.kind == query.kind] if query.kind else []),
        *([listed.c.channel == query.channel] if query.channel else []),
        *([tuple_(listed.c.at, listed.c.report_id) < tuple_(*map(literal, query.after))] if query.after else []),
    ]
    newest = select(listed).where(*conditions).order_by(listed.c.at.desc(), listed.c.report_id.desc())
    return [
        ListedReport(
            report_id=row.report_id,
            kind=row.kind,
            at=row.at,
            settled=row if row.outcome else None,
            was_recorded=row.was_recorded,
            channel=row.channel,
            subject_id=row.subject_id,
            is_outside=row.is_outside,
            line=row.line,
        )
        for row in await session.execute(newest.limit(query.limit))
    ]


def reports_of(author: UUID) -> Select[Any]:
    """Join sent notes and outcomes.

    An outcome of an earlier version is ignored. A report can lack its note, because the note was lost, or because the
    report is older than the table `sent_reports`.
    """
    sent = select(SentReport).where(SentReport.author == author).subquery()
    settled = newest_outcomes(author).subquery()
    has_outcome = settled.c.version >= func.coalesce(sent.c.version, 0)

    def of_outcome(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((has_outcome, column)).label(column.name)

    return select(
        func.coalesce(sent.c.report_id, settled.c.report_id).label("report_id"),
        func.coalesce(sent.c.kind, settled.c.kind).label("kind"),
        of_outcome(settled.c.version),
        of_outcome(settled.c.outcome),
        of_outcome(settled.c.reason),
        of_outcome(settled.c.settled_at),
        case((has_outcome, settled.c.state), else_=ReceiptState.RECEIVED).label("state"),
        func.coalesce(settled.c.was_recorded, False).label("was_recorded"),
        sent.c.channel,
        sent.c.subject_id,
        func.coalesce(sent.c.is_outside, False).label("is_outside"),
        sent.c.line,
        func.coalesce(sent.c.sent_at, settled.c.settled_at).label("at"),
    ).select_from(sent.outerjoin(settled, sent.c.report_id == settled.c.report_id, full=True))


def newest_outcomes(author: UUID) -> Select[Any]:
    receipt = StoredReceipt
    was_recorded = func.bool_or(state_of_outcome() == ReceiptState.RECORDED).over(partition_by=receipt.report_id)
    return (
        select(
            receipt.report_id,
            receipt.version,
            receipt.kind,
            receipt.outcome,
            receipt.reason,
            receipt.settled_at,
            state_of_outcome().label("state"),
            was_recorded.label("was_recorded"),
        )
        .where(receipt.author == author)
        .ext(distinct_on(receipt.report_id))
        .order_by(receipt.report_id, receipt.version.desc())
    )

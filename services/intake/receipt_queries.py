"""Stores and reads the outcomes of reports, which authors see as receipts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.intake.models import AlertedReport, StoredReceipt
from shared.events.receipts import NOT_ACCEPTED, WAITING, ReceiptState
from shared.events.vocabulary import OutcomeKind, RefusalReason, ReportKind
from shared.postgres.upsert import upsert


async def save(session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store the newest outcome of each version. An outcome that arrives after its replacement is ignored."""
    newest: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    for row in rows:
        key = row["report_id"], row["author"], row["version"]
        if key not in newest or is_later(row, newest[key]):
            newest[key] = row
    rows = list(newest.values())
    await upsert(session, StoredReceipt, rows, not_older_by="settled_at", replacing=("replaces", "outcome_id"))


def is_later(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True if `row` is the newer outcome.

    With equal times, the outcome that arrives last is newer. A replacing outcome is always newer than the replaced
    outcome, because the clocks of two services can differ.
    """
    later: bool = row["settled_at"] >= other["settled_at"] or row["replaces"] == other["outcome_id"]
    return later


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete old outcomes. Outcomes of reports that still wait for a person are kept."""
    old = delete(StoredReceipt).where(StoredReceipt.settled_at < before, StoredReceipt.outcome.not_in(WAITING))
    await session.execute(old)
    await session.execute(delete(AlertedReport).where(AlertedReport.alerted_at < before))


async def newest_of(session: AsyncSession, author: UUID, report_ids: Collection[UUID]) -> Sequence[StoredReceipt]:
    """Return the outcome of each report's highest version."""
    own = select(StoredReceipt).where(StoredReceipt.author == author, StoredReceipt.report_id.in_(report_ids))
    highest = own.ext(distinct_on(StoredReceipt.report_id)).order_by(
        StoredReceipt.report_id, StoredReceipt.version.desc()
    )
    return (await session.scalars(highest)).all()


async def save_alerted(session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
    await upsert(session, AlertedReport, list({row["report_id"]: row for row in rows}.values()))


async def alerted(session: AsyncSession, author: UUID, report_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return the author's reports that were followed by an alert.

    A stranger can send a report with the id of an author's report. The stranger must not learn whether an alert
    followed the author's report. A report that is refused or still waits, and every report of a hazard, therefore
    counts only if no other author has an outcome with this id.
    """
    other = aliased(StoredReceipt)
    is_of_another = exists().where(other.report_id == StoredReceipt.report_id, other.author != author)
    is_accepted = and_(StoredReceipt.outcome.not_in(NOT_ACCEPTED), StoredReceipt.kind != ReportKind.HAZARD)
    followed = (
        select(AlertedReport.report_id)
        .join(StoredReceipt, StoredReceipt.report_id == AlertedReport.report_id)
        .where(AlertedReport.report_id.in_(report_ids), StoredReceipt.author == author)
        .where(or_(is_accepted, ~is_of_another))
    )
    return frozenset(await session.scalars(followed))


def state_of_outcome() -> ColumnElement[str]:
    """The SQL form of `state_of` in `shared.events.receipts`."""
    is_duplicate = func.coalesce(StoredReceipt.reason, "") == RefusalReason.DUPLICATE
    return case(
        (StoredReceipt.outcome.in_(WAITING), ReceiptState.UNDER_REVIEW),
        (and_(StoredReceipt.outcome == OutcomeKind.REJECTED, ~is_duplicate), ReceiptState.REFUSED),
        else_=ReceiptState.RECORDED,
    )

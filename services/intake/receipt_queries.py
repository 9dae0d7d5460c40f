"""Stores and reads the outcomes of reports. A receipt tells the author the outcome of a report."""

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
    """A replaced outcome is not stored again."""
    newest: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    for row in rows:
        key = row["report_id"], row["author"], row["version"]
        if key not in newest or is_later(row, newest[key]):
            newest[key] = row
    rows = list(newest.values())
    await upsert(session, StoredReceipt, rows, not_older_by="settled_at", replacing=("replaces", "outcome_id"))


def is_later(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Of two outcomes at the same time, the one that arrives last is later.

    If an outcome replaces another outcome, the new outcome is later even if its time is earlier, because clocks differ.
    """
    later: bool = row["settled_at"] >= other["settled_at"] or row["replaces"] == other["outcome_id"]
    return later


async def forget(session: AsyncSession, before: datetime) -> None:
    """Outcomes of reports that wait for a person are kept."""
    old = delete(StoredReceipt).where(StoredReceipt.settled_at < before, StoredReceipt.outcome.not_in(WAITING))
    await session.execute(old)
    await session.execute(delete(AlertedReport).where(AlertedReport.alerted_at < before))


async def newest_of(session: AsyncSession, author: UUID, report_ids: Collection[UUID]) -> Sequence[StoredReceipt]:
    """Each report has the outcome of its highest version."""
    own = select(StoredReceipt).where(StoredReceipt.author == author, StoredReceipt.report_id.in_(report_ids))
    highest = own.ext(distinct_on(StoredReceipt.report_id)).order_by(
        StoredReceipt.report_id, StoredReceipt.version.desc()
    )
    return (await session.scalars(highest)).all()


async def save_alerted(session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
    await upsert(session, AlertedReport, list({row["report_id"]: row for row in rows}.values()))


async def alerted(session: AsyncSession, author: UUID, report_ids: Collection[UUID]) -> frozenset[UUID]:
    """Anybody can send a report under the id of another author's report.

    An unaccepted report counts as the author's only if no other author has an outcome with the same id. A report about
    a hazard also counts as the author's only if no other author has an outcome with the same id.
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

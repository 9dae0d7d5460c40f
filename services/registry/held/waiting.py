"""Queries for the page of held reports: lists, one opened report, decisions, assignments."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    TextClause,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.decisions import SUBJECT_OF
from services.registry.held import queries as held
from services.registry.held.queries import (
    ACCEPTABLE,
    ADOPTABLE,
    COVERS_SUBJECT,
    HELD,
    IS_HELD,
    OF_HOUSEHOLDS,
    PCODE,
    SUBJECT_PCODE,
    UNDECIDED,
    WAITS,
)
from services.registry.models import HeldAssignment, Household, Report
from services.registry.report_queries import CLEAR, KEYS, opened_version
from services.registry.visibility import HERE, Visibility
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.postgres.upsert import upsert

IS_ASSIGNED = or_(
    HeldAssignment.outcome_id == Report.outcome_id,
    and_(
        HeldAssignment.report_id == Report.report_id,
        HeldAssignment.version == Report.version,
        HeldAssignment.author == Report.author,
    ),
)
NEWEST = select(HeldAssignment.account).where(IS_ASSIGNED).order_by(HeldAssignment.assigned_at.desc()).limit(1)
ASSIGNEE = NEWEST.scalar_subquery()
# Urgent reports are sorted as if they had come a century earlier: they come first, and the cursor of a page is a single
# time.
IS_URGENT = func.coalesce(CLEAR["is_urgent"].astext, "false") == "true"
LISTED_AT = case((IS_URGENT, Report.received_at - timedelta(days=36_525)), else_=Report.received_at)


@dataclass(frozen=True, slots=True)
class HeldQuery:
    visibility: Visibility
    limit: int
    reason: str | None = None
    after: tuple[datetime, UUID] | None = None


async def page(session: AsyncSession, query: HeldQuery) -> Sequence[RowMapping]:
    """Urgent reports come first, and of equally urgent reports the oldest comes first.

    `is_in_area` is true for people who are registered in the caller's areas, and for people who are not registered.
    """
    is_in_area = case((covers_subject(query.visibility), true()), else_=false()).label("is_in_area")
    wanted = HELD.add_columns(ASSIGNEE.label("assignee"), is_in_area, LISTED_AT.label("listed_at")).where(
        *_waits(query.visibility)
    )
    if query.reason is not None:
        wanted = wanted.where(Report.reason == query.reason)
    if query.after is not None:
        wanted = wanted.where(tuple_(LISTED_AT, Report.outcome_id) > query.after)
    oldest = wanted.order_by(LISTED_AT, Report.outcome_id).limit(query.limit)
    return (await session.execute(oldest)).mappings().all()


async def by_reason(session: AsyncSession, visibility: Visibility) -> Sequence[RowMapping]:
    """The reasons are in the order of their oldest reports."""
    oldest = func.min(Report.received_at).label("oldest")
    counted = select(Report.reason, func.count().label("reports"), oldest).where(*_waits(visibility))
    return (await session.execute(counted.group_by(Report.reason).order_by(oldest))).mappings().all()


async def opened(
    session: AsyncSession, encryption: EnvelopeEncryption, outcome_id: UUID, visibility: Visibility
) -> dict[str, Any] | None:
    """Return None if the report is not held, or if the caller may not see the report."""
    row = (await session.execute(_seen(HELD, visibility, [outcome_id]))).mappings().one_or_none()
    if row is None:
        return None
    key, subject_id = KEYS[SUBJECT_OF[row["kind"]]]
    stored = select(Report.sealed, key.kek_id, key.wrapped).join(key, subject_id == Report.subject_id)
    sealed = (await session.execute(stored.where(Report.outcome_id == outcome_id))).mappings().one()
    return opened_version({**row, **sealed}, encryption)


async def decide(
    session: AsyncSession, outcome_ids: Collection[UUID], visibility: Visibility, **decision: Any
) -> list[UUID]:
    """The worker executes the decision.

    Reports are left out if they are decided, no longer held, or not visible to the caller. Only reports that are held
    for certain reasons can be accepted. A report about people who are registered in another area
    cannot be accepted, because the acceptance could move the people into the caller's area. If one request refuses
    several reports, reports that wait for other reports are left out: they need no decision. Returns the ids of the
    decided reports.
    """
    wanted = _seen(select(Report.outcome_id), visibility, outcome_ids)
    if household_id := decision.get("household_id"):
        wanted = wanted.where(is_adoptable(), covers_subject(visibility), is_of_status_of(household_id, visibility))
    elif decision["is_accepted"]:
        wanted = wanted.where(Report.reason.in_(ACCEPTABLE), covers_subject(visibility))
    elif len(outcome_ids) > 1:
        wanted = wanted.where(Report.reason.not_in(WAITS))
    decided = await held.decide(session, await session.scalars(wanted), **decision)
    await unassign(session, decided)
    return decided


async def assign(
    session: AsyncSession, outcome_ids: Collection[UUID], visibility: Visibility, *, account: UUID | None, by: UUID
) -> list[UUID]:
    """Returns the ids of the assigned reports. If `account` is None, the reports are assigned to nobody."""
    named = select(Report.outcome_id, Report.report_id, Report.version, Report.author)
    reports = (await session.execute(_seen(named, visibility, outcome_ids))).mappings().all()
    seen_ids = [report["outcome_id"] for report in reports]
    await unassign(session, seen_ids)
    if account is not None:
        await upsert(session, HeldAssignment, [{**report, "account": account, "assigned_by": by} for report in reports])
    return seen_ids


async def unassign(session: AsyncSession, outcome_ids: Collection[UUID]) -> None:
    """An assignment may name an earlier outcome of the report."""
    reports = select(Report.outcome_id).where(Report.outcome_id.in_(outcome_ids), IS_ASSIGNED).correlate(HeldAssignment)
    await session.execute(delete(HeldAssignment).where(reports.exists()))


def _seen(wanted: Any, visibility: Visibility, outcome_ids: Iterable[UUID]) -> Select[Any]:
    seen: Select[Any] = wanted.where(Report.outcome_id.in_(outcome_ids), *_waits(visibility))
    return seen


def _waits(visibility: Visibility) -> tuple[ColumnElement[bool] | TextClause, ...]:
    """A report is visible in two areas: in the area that it states, and in the area where its people are registered."""
    return IS_HELD, ~UNDECIDED.exists(), or_(visibility.covers(PCODE), visibility.covers(SUBJECT_PCODE))


def is_adoptable() -> ColumnElement[bool]:
    return and_(Report.reason.in_(ADOPTABLE), Report.kind.in_(OF_HOUSEHOLDS))


def is_of_status_of(household_id: UUID, visibility: Visibility) -> ColumnElement[bool]:
    is_it = (Household.household_id == household_id, Household.status == Report.status, visibility.covers(HERE))
    return and_(Report.subject_id != household_id, exists().where(*is_it))


def covers_subject(visibility: Visibility) -> TextClause:
    return text(COVERS_SUBJECT).bindparams(pcodes=visibility.pcodes, known=visibility.known)


async def subjects(session: AsyncSession, outcome_ids: Collection[UUID]) -> list[UUID]:
    """Outcome ids change, so the security log names the subjects and the reports."""
    of_outcomes = select(Report.subject_id, Report.report_id).where(Report.outcome_id.in_(outcome_ids))
    return [id for row in await session.execute(of_outcomes) for id in row]

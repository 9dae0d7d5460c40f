"""Queries about the acceptances of held reports under households, and their reversals."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.decisions import Name
from services.registry.models import Adoption, AdoptionReversal, HeldDecision, Household, Report
from services.registry.visibility import HERE, Visibility
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.messaging import decisions
from shared.postgres import database

MOST = 100
REVERSED = "reversed"
LATER = aliased(Report)
OF_ADOPTION = and_(
    Report.report_id == Adoption.report_id,
    Report.version == Adoption.version,
    Report.author == Adoption.author,
    Report.subject_id == Adoption.household_id,
)
IS_REPLACED = exists().where(
    LATER.report_id == Adoption.report_id,
    LATER.subject_id == Adoption.household_id,
    LATER.version > Adoption.version,
    LATER.outcome == OutcomeKind.RECORDED,
)
IS_REVERSED = exists().where(AdoptionReversal.adoption_id == Adoption.decision_id, AdoptionReversal.result == REVERSED)
IS_OPEN = exists().where(
    AdoptionReversal.adoption_id == Adoption.decision_id, AdoptionReversal.carried_out_at.is_(None)
)


async def adopted(session: AsyncSession, visibility: Visibility, ids: Collection[UUID] | None = None) -> Sequence[Any]:
    """The newest acceptance comes first."""
    wanted = (
        select(
            *(Adoption.decision_id, Adoption.household_id, Adoption.report_id),
            *(HeldDecision.account, HeldDecision.decided_at, HeldDecision.is_later),
            *(Report.kind, Report.clear, Report.author, IS_OPEN.label("is_open")),
        )
        .join(HeldDecision, HeldDecision.decision_id == Adoption.decision_id)
        .join(Report, OF_ADOPTION)
        .join(Household, Household.household_id == Adoption.household_id)
        .where(Report.outcome.in_((OutcomeKind.RECORDED, OutcomeKind.NOTED)), ~IS_REPLACED, ~IS_REVERSED)
        .where(visibility.covers(HERE))
    )
    if ids is not None:
        wanted = wanted.where(Adoption.decision_id.in_(ids))
    newest_first = wanted.order_by(HeldDecision.decided_at.desc(), Adoption.decision_id)
    return (await session.execute(newest_first.limit(MOST))).mappings().all()


async def lock(session: AsyncSession) -> None:
    """The lock serialises reversals: of two reversals of one acceptance, only the first is stored."""
    await session.execute(database.advisory_lock("adoption reversals"))


async def reverse(session: AsyncSession, adoption_ids: Collection[UUID], *, account: UUID, reason: str) -> None:
    made = [AdoptionReversal(adoption_id=id, account=account, reason=reason) for id in adoption_ids]
    await decisions.write(session, *made)


async def former_name(session: AsyncSession, adoption: Adoption) -> Name:
    """While the household of a movement is unknown, the report id of the movement stands for the household's id."""
    clear = select(Report.clear).where(
        Report.report_id == adoption.report_id,
        Report.version == adoption.version,
        Report.author == adoption.author,
    )
    stored = await session.scalar(clear)
    named = from_json(stored).get("household_id") if stored else None
    return ReportKind.HOUSEHOLD.value, str(UUID(str(named or adoption.report_id)))

"""Adds ages and assessed persons to displacements that an earlier release of Dayar stored without these numbers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import movement_rows
from services.registry.models import Episode, Household, HouseholdPassage, HouseholdStay
from services.registry.renewals import Renewal
from services.registry.subjects import Subject
from shared.postgres import bulk_copy, database

TABLES = (Episode, HouseholdStay, HouseholdPassage)


class AgeRenewal(Renewal):
    kind = "ages"

    async def is_old(self, session: AsyncSession) -> ColumnElement[bool]:  # noqa: ARG002 - as in the base class
        # the index in the database has this condition
        has_none = or_(Episode.ages.is_(None), Episode.assessed.is_(None))
        return Household.household_id.in_(select(Episode.household_id).where(has_none))

    async def replace(self, session: AsyncSession, old: Sequence[UUID], subjects: Sequence[Subject]) -> None:
        read = [UUID(subject.name[1]) for subject in subjects]
        for table in TABLES:
            await session.execute(delete(table).where(table.household_id.in_(read)))
        copies = [movement_rows.episodes(subjects), movement_rows.stays(subjects), movement_rows.passages(subjects)]
        await bulk_copy.write(await database.driver(session), copies)
        for household_id in set(old) - set(read):
            await self.give_up(session, household_id)

    async def give_up(self, session: AsyncSession, household_id: UUID) -> None:
        """Figures use the ages on the day of displacement if no ages are stored."""
        for table in TABLES:
            nothing = {table.ages: [], table.assessed: 0, table.with_disability: 0}
            kept = {column: func.coalesce(column, literal(value, column.type)) for column, value in nothing.items()}
            await session.execute(update(table).where(table.household_id == household_id).values(kept))

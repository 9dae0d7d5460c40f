"""Makes site keys for households without site keys, or with site keys of an older root.

The module also replaces rows about the sites of households that an older release of Dayar wrote.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import (
    Household,
    HouseholdSite,
    HouseholdSiteKey,
    SitePassage,
    SiteResident,
    UnjudgedHousehold,
)
from services.registry.renewals import Renewal
from services.registry.rows import SITE_ROWS
from services.registry.sites.passages import COLUMNS, RESIDENT_COLUMNS, site_passages_of, site_residents_of
from services.registry.subjects import Subject

IS_LISTED = exists().where(HouseholdSite.household_id == Household.household_id)
NEVER_LISTED = select(Household.household_id).where(Household.site_root_id == "", ~IS_LISTED)


class SiteKeyRenewal(Renewal):
    kind = "keys of sites"

    async def is_old(self, session: AsyncSession) -> ColumnElement[bool]:  # noqa: ARG002 - as in the base class
        return or_(Household.site_root_id < self.search.newest.root_id, Household.site_rows < SITE_ROWS)

    async def replace(self, session: AsyncSession, old: Sequence[UUID], subjects: Sequence[Subject]) -> None:
        never_listed = set(await session.scalars(NEVER_LISTED.where(Household.household_id.in_(old))))
        keys = self.search.of(self.search.newest.root_id)
        site_keys = [
            {"household_id": UUID(subject.name[1]), "site_key": keys.of_site(site_id)}
            for subject in subjects
            for site_id in subject.site_ids
        ]
        for listed in (HouseholdSiteKey, HouseholdSite):
            await session.execute(delete(listed).where(listed.household_id.in_(old)))
        if site_keys:
            await session.execute(insert(HouseholdSiteKey), site_keys)
        for model, columns, rows_of in (
            (SitePassage, COLUMNS, site_passages_of),
            (SiteResident, RESIDENT_COLUMNS, site_residents_of),
        ):
            await session.execute(delete(model).where(model.household_id.in_(old)))
            rows = (row for subject in subjects for row in rows_of(subject, keys))
            made = [dict(zip(columns, (UUID(household_id), *values), strict=True)) for household_id, *values in rows]
            if made:
                await session.execute(insert(model), made)
        await self._note(session, old)
        await _note_earlier_movements(
            session, [subject for subject in subjects if UUID(subject.name[1]) in never_listed]
        )

    async def give_up(self, session: AsyncSession, household_id: UUID) -> None:
        """The household is tried again with the next root."""
        await self._note(session, [household_id])

    async def _note(self, session: AsyncSession, ids: Sequence[UUID]) -> None:
        values = {"site_root_id": self.search.newest.root_id, "site_rows": SITE_ROWS}
        await session.execute(update(Household).where(Household.household_id.in_(ids)).values(values))


async def _note_earlier_movements(session: AsyncSession, households: Iterable[Subject]) -> None:
    notes = [
        {
            "household_id": UUID(subject.name[1]),
            "report_id": UUID(movement.report_id),
            "version": movement.clear.version,
            "movements": len(subject.site_movements),
        }
        for subject in households
        for movement in subject.site_movements
    ]
    if notes:
        await session.execute(insert(UnjudgedHousehold).on_conflict_do_nothing(), notes)

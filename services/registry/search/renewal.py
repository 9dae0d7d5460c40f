"""Makes search keys for households that have none, or have keys of an older root or of older folding rules."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import UNCOMPARED, Household, HouseholdSearchKeys
from services.registry.renewals import Renewal
from services.registry.search import queries as search_queries
from services.registry.search.keys import KeyVersion
from services.registry.subjects import Subject


class SearchRenewal(Renewal):
    kind = "search keys"

    async def is_old(self, session: AsyncSession) -> ColumnElement[bool]:
        versions = [version for version in await search_queries.key_versions(session) if self.search.is_old(version)]
        return tuple_(Household.search_root_id, Household.search_folding).in_(versions)

    async def replace(self, session: AsyncSession, old: Sequence[UUID], subjects: Sequence[Subject]) -> None:
        newest, made = self.search.newest, []
        keys = self.search.of(newest.root_id)
        for subject in subjects:
            made.append({"household_id": UUID(subject.name[1]), "keys": keys.of_household(subject)})
            await asyncio.sleep(0)  # between two households, other tasks of the worker can run
        await _replace(session, old, made)
        is_new = Household.household_id.in_(old), Household.search_root_id == ""
        never_made = select(Household.household_id).where(*is_new)
        await session.execute(insert(UNCOMPARED).from_select(["household_id"], never_made))
        if subjects:
            await session.execute(update(Household), [renewed(subject, newest) for subject in subjects])

    async def give_up(self, session: AsyncSession, household_id: UUID) -> None:
        """The household is tried again with the next root or the next rules.

        Searches are incomplete until the keys of the household are made.
        """
        await _replace(session, [household_id], [])
        failed = self.search.newest.failed
        values = {"search_root_id": failed.root_id, "search_folding": failed.folding}
        await session.execute(update(Household).where(Household.household_id == household_id).values(values))


async def made_by(session: AsyncSession, root_id: str) -> int:
    """The root can be destroyed if no household uses it."""
    uses_root = or_(Household.search_root_id == root_id, Household.site_root_id == root_id)
    made = select(func.count()).select_from(Household).where(uses_root)
    return await session.scalar(made) or 0


def renewed(subject: Subject, version: KeyVersion) -> dict[str, object]:
    """The present place is stored too, because the previous release of Dayar did not store the present place."""
    return {
        "household_id": UUID(subject.name[1]),
        "current_pcode": subject.place.pcode,
        "current_country": subject.place.country,
        "search_root_id": version.root_id,
        "search_folding": version.folding,
    }


async def _replace(session: AsyncSession, old: Sequence[UUID], made: list[dict[str, Any]]) -> None:
    await session.execute(delete(HouseholdSearchKeys).where(HouseholdSearchKeys.household_id.in_(old)))
    if made:
        await session.execute(insert(HouseholdSearchKeys), made)

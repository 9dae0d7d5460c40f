"""Makes the search keys of households that have none, or older ones, in small batches while others work."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from sqlalchemy import delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry import search_queries
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.models import UNCOMPARED, Household, HouseholdSearchKeys, Report
from services.registry.search_keys import KeyVersion, SearchKeys
from services.registry.storage import Store
from services.registry.subjects import Subject
from shared import log
from shared.events.vocabulary import ReportKind
from shared.places import Places
from shared.postgres import database

MOST_HOUSEHOLDS = 200
MOST_REPORTS = 500  # in a batch, because all reports of a household are decrypted
PAUSE_SECONDS = 0.1  # after a batch, so that reports and alerts do not wait for the CPU
# The errors of a household that cannot be decrypted or read.
UNREADABLE = (InvalidTag, InvalidUnwrap, LookupError, TypeError, ValueError)


async def renew(
    sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption, search: SearchKeys, places: Places
) -> int:
    """Make all search keys with the newest root and rules. Return the number of households whose keys were made.

    Each batch has a separate transaction, so an interrupted renewal continues where it stopped.
    """
    renewal, count = Renewal(sessions, encryption, search, places), 0
    while ids := await renewal.next_batch():
        count += await renewal.renew(ids)
        await asyncio.sleep(PAUSE_SECONDS)
    return count


async def made_by(session: AsyncSession, root_id: str) -> int:
    """The number of households with search keys, or with keys of sites, of this root.

    If the number is 0, the root can be destroyed.
    """
    uses_root = or_(Household.search_root_id == root_id, Household.site_root_id == root_id)
    made = select(func.count()).select_from(Household).where(uses_root)
    return await session.scalar(made) or 0


@dataclass(frozen=True, slots=True)
class Renewal:
    sessions: async_sessionmaker[AsyncSession]
    encryption: EnvelopeEncryption
    search: SearchKeys
    places: Places

    async def next_batch(self) -> list[UUID]:
        """Some households with old search keys, which have no more than MOST_REPORTS reports, or a single one."""
        async with self.sessions.begin() as session:
            old = (await self._old(session)).limit(MOST_HOUSEHOLDS).subquery()
            sizes = select(old.c.household_id, func.count(Report.report_id)).outerjoin(
                Report, Report.subject_id == old.c.household_id
            )
            return fitting(dict(map(tuple, await session.execute(sizes.group_by(old.c.household_id)))))

    async def renew(self, ids: Sequence[UUID]) -> int:
        """Make the keys of these households. One that cannot be read is left out, and the worker goes on."""
        try:
            async with self.sessions.begin() as session:
                return await self._renew(session, ids)
        except UNREADABLE as error:
            if len(ids) == 1:
                await self._give_up(ids[0], error)
                return 0
        return sum([await self.renew([household_id]) for household_id in ids])

    async def _renew(self, session: AsyncSession, ids: Sequence[UUID]) -> int:
        await session.execute(database.advisory_lock("search keys"))  # workers would make the same keys twice
        old = (await session.scalars((await self._old(session)).where(Household.household_id.in_(ids)))).all()
        if not old:
            return 0
        store = Store(session, self.encryption, self.search, self.places)
        working_set = await store.open_at({(ReportKind.HOUSEHOLD.value, str(id)) for id in old}, [])
        newest, subjects = self.search.newest, list(working_set.subjects.values())
        keys, made = self.search.of(newest.root_id), []
        for subject in subjects:
            made.append({"household_id": UUID(subject.name[1]), "keys": keys.of_household(subject)})
            await asyncio.sleep(0)  # other tasks of the worker must not wait for the whole batch
        await _replace(session, old, made)
        is_new = Household.household_id.in_(old), Household.search_root_id == ""
        never_made = select(Household.household_id).where(*is_new)
        await session.execute(insert(UNCOMPARED).from_select(["household_id"], never_made))
        await session.execute(update(Household), [renewed(subject, newest) for subject in subjects])
        return len(old)

    async def _old(self, session: AsyncSession) -> Any:
        versions = [version for version in await search_queries.key_versions(session) if self.search.is_old(version)]
        is_old = tuple_(Household.search_root_id, Household.search_folding).in_(versions)
        return select(Household.household_id).where(is_old)

    async def _give_up(self, household_id: UUID, error: Exception) -> None:
        """Note that this household has no search keys, so that it is not tried again with the same root and rules."""
        log.get().error("no search keys made", household_id=str(household_id), **log.described(error))
        async with self.sessions.begin() as session:
            await _replace(session, [household_id], [])
            failed = self.search.newest.failed
            values = {"search_root_id": failed.root_id, "search_folding": failed.folding}
            await session.execute(update(Household).where(Household.household_id == household_id).values(values))


def fitting(sizes: Mapping[UUID, int]) -> list[UUID]:
    """The first households that together have no more than MOST_REPORTS reports, but at least one household."""
    chosen: list[UUID] = []
    count = 0
    for household_id, reports in sizes.items():
        count += reports
        if chosen and count > MOST_REPORTS:
            break
        chosen.append(household_id)
    return chosen


def renewed(subject: Subject, version: KeyVersion) -> dict[str, object]:
    """The changed columns of `households`. Rows of the previous release have no current place."""
    return {
        "household_id": UUID(subject.name[1]),
        "current_pcode": subject.place.pcode,
        "current_country": subject.place.country,
        "search_root_id": version.root_id,
        "search_folding": version.folding,
    }


async def _replace(session: AsyncSession, old: Sequence[UUID], made: list[dict[str, object]]) -> None:
    await session.execute(delete(HouseholdSearchKeys).where(HouseholdSearchKeys.household_id.in_(old)))
    if made:
        await session.execute(insert(HouseholdSearchKeys), made)

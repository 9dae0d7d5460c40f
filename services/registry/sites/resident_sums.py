"""Publishes how many registered displaced people are at each site, in the background.

The alerts service needs the sums for sites where nobody has counted the people.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry import stepped_tasks
from services.registry.figures.kept import data_version
from services.registry.households.events import SOURCE, utcnow
from services.registry.models import Household, ResidentSum, Site, SiteResident
from services.registry.search.keys import SearchKeys
from services.registry.sites.residents import PublishedResidents, Residents
from shared import events
from shared.crypto.randomness import random_id
from shared.events import SiteResidentsChanged
from shared.events.vocabulary import Status
from shared.messaging import outbox
from shared.postgres.upsert import upsert

HOUSEHOLDS_A_SECOND = 10_000  # for each 10,000 households at sites, the pause is one second longer
NOBODY = (0, 0)


class SummingResidents:
    """The sites of households are in memory only while they are summed.

    `rest_seconds` is the pause between two sums, which is longer if many households are at sites.
    """

    lock: ClassVar[str] = "resident_sums"

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        search: SearchKeys,
        status: Status,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._sessions, self._search, self._status, self._clock = sessions, search, status, clock
        self._published = PublishedResidents()
        self._version: str | None = None  # the version of the data at the last publication
        self.rest_seconds = stepped_tasks.IDLE_SECONDS

    async def step(self) -> bool:
        """Publishes the sums that have changed, if any displacement has changed since the last publication."""
        async with self._sessions.begin() as session:
            version = await data_version(session)
            if version != self._version:
                present = await self._residents(session)
                await self._publish(session, present)
                self.rest_seconds = stepped_tasks.IDLE_SECONDS + len(present) / HOUSEHOLDS_A_SECOND
        self._version = version
        return True

    async def _residents(self, session: AsyncSession) -> list[Residents]:
        site_of = {
            key: site_id
            for site_id in await session.scalars(select(Site.site_id))
            for key in self._search.of_sites([str(site_id)])
        }
        there = SiteResident.site_key, SiteResident.household_id, Household.registered_at
        rows = await session.execute(
            select(*there, func.sum(SiteResident.persons))
            .join(Household, Household.household_id == SiteResident.household_id)
            .where(SiteResident.status == self._status)
            .group_by(*there)
        )
        return [
            Residents(str(household_id), registered_at, site_of[key], persons)
            for key, household_id, registered_at, persons in rows
            if key in site_of
        ]

    async def _publish(self, session: AsyncSession, present: Collection[Residents]) -> None:
        stored, now = {row.site_id: row for row in await session.scalars(select(ResidentSum))}, self._clock()
        rows = list(changed(self._published.sums(present), stored))
        published = [SiteResidentsChanged(**row, status=self._status, changed_at=now) for row in rows]
        messages = [events.message(event, id=random_id(), source=SOURCE, time=now) for event in published]
        await outbox.add(session, *messages)
        await upsert(session, ResidentSum, rows)


def changed(sums: Mapping[UUID, tuple[int, int]], stored: Mapping[UUID, ResidentSum]) -> Iterator[dict[str, Any]]:
    for site_id in sorted(sums.keys() | stored.keys()):
        (persons, households), known = sums.get(site_id, NOBODY), stored.get(site_id)
        if (persons, households) != ((known.persons, known.households) if known else NOBODY):
            sequence = known.sequence + 1 if known else 1
            yield {"site_id": site_id, "sequence": sequence, "persons": persons, "households": households}

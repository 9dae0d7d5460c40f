"""Publishes how many registered displaced people are at each site, in the background.

The alerts service thereby knows which sites are inhabited, also if nobody has counted the people there.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.figures.kept import data_version
from services.registry.households.events import SOURCE, utcnow
from services.registry.models import ResidentSum, Site
from services.registry.places.read_households import HOUSEHOLDS_AT_ONCE, ReadHouseholds
from services.registry.sites.residents import PublishedResidents, Residents
from services.registry.stepped_tasks import IDLE_SECONDS
from services.registry.visibility import now_at
from shared import events
from shared.crypto.randomness import random_id
from shared.events import SiteResidentsChanged
from shared.events.vocabulary import Status
from shared.messaging import outbox
from shared.postgres import database
from shared.postgres.upsert import upsert

# raw SQL: the expression for the present place is SQL. The table of site keys has all sites that the reports of a
# household name, so it also has households that are elsewhere now.
AT_SITES = f"""
SELECT DISTINCT household_id, households.row_version
FROM household_site_keys JOIN households USING (household_id)
WHERE households.status = $1 AND {now_at()} IS NOT NULL
"""  # noqa: S608


class SummingResidents:
    """Sums the residents of sites in one status. The sites of households are kept in memory only."""

    lock: ClassVar[str] = "resident_sums"

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        households: ReadHouseholds[tuple[Residents, ...]],
        status: Status,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """`households` reads the households with `Residents.of`."""
        self._sessions, self._read, self._status, self._clock = sessions, households, status, clock
        self._published = PublishedResidents()
        self._version: str | None = None  # the version of the data at the last publication
        self._listed: tuple[str, Mapping[UUID, int], list[UUID]] | None = None
        self.rest_seconds = IDLE_SECONDS

    async def step(self) -> bool:
        """Read some of the households at sites. If none is left, publish the changed sums.

        Returns whether everything is published.
        """
        self._listed = self._listed or await self._list()
        if self._listed is None:
            return True
        version, versions, unread = self._listed
        if unread:
            await self._read.read(unread[:HOUSEHOLDS_AT_ONCE], versions)
            del unread[:HOUSEHOLDS_AT_ONCE]
            return False
        await self._publish()
        self._version, self._listed = version, None
        return True

    async def _list(self) -> tuple[str, Mapping[UUID, int], list[UUID]] | None:
        """The version of the data, the rows of households at sites, and the households that must be read.

        None if nothing has changed since the last publication.
        """
        async with self._sessions.begin() as session:
            version = await data_version(session)
            if version == self._version:
                return None
            connection = await database.driver(session)
            versions = dict(await connection.fetch(AT_SITES, self._status))
        return version, versions, self._read.unread(versions)

    async def _publish(self) -> None:
        present = (each for residents in self._read.households for each in residents or ())
        sums = self._published.sums(each for each in present if each.status == self._status)
        async with self._sessions.begin() as session:
            stored = {row.site_id: row for row in await session.scalars(select(ResidentSum))}
            listed = {str(site_id) for site_id in await session.scalars(select(Site.site_id))}
            known = {str(site_id): (row.persons, row.households) for site_id, row in stored.items()}
            changed = {
                UUID(site_id): sums.get(site_id, (0, 0))
                for site_id in listed & (sums.keys() | known.keys())
                if sums.get(site_id, (0, 0)) != known.get(site_id, (0, 0))
            }
            rows = [
                {
                    "site_id": site_id,
                    "sequence": stored[site_id].sequence + 1 if site_id in stored else 1,
                    "persons": persons,
                    "households": households,
                }
                for site_id, (persons, households) in sorted(changed.items())
            ]
            now = self._clock()
            published = [SiteResidentsChanged(**row, status=self._status, changed_at=now) for row in rows]
            await outbox.add(
                session, *(events.message(each, id=random_id(), source=SOURCE, time=now) for each in published)
            )
            await upsert(session, ResidentSum, rows)

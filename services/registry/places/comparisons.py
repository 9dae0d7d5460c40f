"""Compares counts with the registered people at the same places, in the background, and publishes the results.

The registration of a report must stay fast, so its transaction computes no comparison. The worker reads the changed
households of the districts with open counts. If the comparison of a count has changed, the worker publishes the count
again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry import stepped_tasks
from services.registry.counts.open_counts import OpenCount
from services.registry.counts.pools import same_places
from services.registry.counts.recounts import publish_again
from services.registry.decisions import Name
from services.registry.figures.kept import data_version
from services.registry.households.events import utcnow
from services.registry.models import CountComparison, Site
from services.registry.places import queries as place_queries
from services.registry.places.read_households import HOUSEHOLDS_AT_ONCE, ReadHouseholds
from services.registry.places.registered_places import (
    ComparedHouseholds,
    ComparedSite,
    Comparisons,
    Pair,
    PresentPlaces,
    RegisteredHousehold,
    by_pair,
    compared,
)
from services.registry.places.whole_sites import (
    CountOfEverybody,
    HouseholdThere,
    comparison_with,
    counts_of_everybody,
    households_there,
)
from services.registry.renewals import UNREADABLE
from services.registry.search.keys import SearchKeys
from services.registry.stepped_tasks import PAUSE_SECONDS
from services.registry.storage import Store
from services.registry.subjects import Subject
from services.registry.visibility import Visibility, now_at
from shared import log
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.groups import PlaceComparison
from shared.events.vocabulary import DISPLACED, ReportKind, Status
from shared.messaging import outbox
from shared.places import Places
from shared.places.localities import StatedLocality
from shared.postgres import database
from shared.postgres.upsert import upsert

COUNTS_AT_ONCE = 50
RECENT = timedelta(days=60)  # the alert rules ignore people who left their home before this time
EVERYWHERE = Visibility(None, [])
# raw SQL: these statements compare arrays of pairs
UNITS = f"""
SELECT DISTINCT households.origin_pcode, {now_at()} AS pcode
FROM episodes JOIN households USING (household_id)
WHERE episodes.status = $1 AND episodes.occurred_at >= $2 AND episodes.mobility = ANY($3)
    AND households.origin_pcode IS NOT NULL AND {now_at()} IS NOT NULL
"""  # noqa: S608
HOUSEHOLDS = f"""
SELECT DISTINCT household_id, households.row_version
FROM episodes JOIN households USING (household_id)
    JOIN unnest($4::text[], $5::text[]) AS asked (origin_pcode, pcode)
        ON households.origin_pcode = asked.origin_pcode AND {now_at()} = asked.pcode
WHERE episodes.status = $1 AND episodes.occurred_at >= $2 AND episodes.mobility = ANY($3)
"""  # noqa: S608


class Listed(NamedTuple):
    """Each comparison lists its households once.

    If new households were added to the list, the comparison might never end. A new list for each batch would mean 2,000
    lists in the first comparison of 100,000 households.
    """

    version: str
    counts: Mapping[Pair, Sequence[OpenCount]]
    of_everybody: Sequence[CountOfEverybody]
    versions: Mapping[UUID, int]
    unread: list[UUID]


class PlaceComparing:
    """The places of households are kept in memory only, and are stored nowhere.

    `rest_seconds` is the pause after a comparison, which is longer if many counts were published.
    """

    lock: ClassVar[str] = "place_comparisons"

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        encryption: EnvelopeEncryption,
        search: SearchKeys,
        places: Places,
        status: Status,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._sessions, self._encryption, self._search, self._places = sessions, encryption, search, places
        self._status, self._clock = status, clock
        self._compared = ComparedHouseholds[Pair, RegisteredHousehold]()
        self._included = ComparedHouseholds[UUID, HouseholdThere]()
        self._read = ReadHouseholds(sessions, encryption, search, places, RegisteredHousehold.of)
        self._version: str | None = None
        self._listed: Listed | None = None
        self._unreadable: set[UUID] = set()  # each unreadable count is logged only once
        self.rest_seconds = stepped_tasks.IDLE_SECONDS

    async def step(self) -> bool:
        """After the last listed household, publish the counts whose comparison has changed.

        Returns True if all households are compared.
        """
        self._listed = listed = self._listed or await self._list()
        if listed is None:
            self.rest_seconds = stepped_tasks.IDLE_SECONDS
            return True
        if listed.unread:
            await self._read.read(listed.unread[:HOUSEHOLDS_AT_ONCE], listed.versions)
            del listed.unread[:HOUSEHOLDS_AT_ONCE]
            return False
        comparisons = await self._compare(listed.counts) | await self._include(listed.of_everybody)
        groups = {count.report_id: count.group_id for count in chain.from_iterable(listed.counts.values())}
        groups |= {count.report_id: count.group_id for count in listed.of_everybody}
        ids, number = sorted(comparisons.keys() - self._unreadable), 0
        for start in range(0, len(ids), COUNTS_AT_ONCE):
            number += await self._publish({id: comparisons[id] for id in ids[start : start + COUNTS_AT_ONCE]}, groups)
            await asyncio.sleep(PAUSE_SECONDS if start + COUNTS_AT_ONCE < len(ids) else 0)
        self.rest_seconds = stepped_tasks.IDLE_SECONDS + number * PAUSE_SECONDS
        self._version, self._listed = listed.version, None
        return True

    async def _list(self) -> Listed | None:
        """Returns None if nothing has changed since the last comparison."""
        async with self._sessions.begin() as session:
            version = await data_version(session)
            if version == self._version:
                return None
            counts = by_pair(await self._recent_counts(session), self._places.district)
            of_everybody = await counts_of_everybody(session, self._status, self._clock() - RECENT)
            versions = await self._versions(session, counts) if counts else {}
        return Listed(version, counts, of_everybody, versions, self._read.unread(versions))

    async def _recent_counts(self, session: AsyncSession) -> list[OpenCount]:
        since = self._clock() - RECENT
        counts = await place_queries.open_counts(session, EVERYWHERE, self._status, self._places)
        return [count for count in counts if count.occurred_at >= since and count.mobility in DISPLACED]

    async def _versions(self, session: AsyncSession, pairs: Collection[Pair]) -> dict[UUID, int]:
        """Maps each household to the version of its row."""
        connection, district = await database.driver(session), self._places.district
        recent = self._status, self._clock() - RECENT, list(DISPLACED)
        units = [(origin, present) for origin, present in await connection.fetch(UNITS, *recent)]
        requested = [(origin, present) for origin, present in units if (district(origin), district(present)) in pairs]
        if not requested:
            return {}
        rows = await connection.fetch(HOUSEHOLDS, *recent, *map(list, zip(*requested, strict=True)))
        return {row["household_id"]: row["row_version"] for row in rows}

    async def _open(self, store: Store, names: Collection[Name]) -> list[Subject]:
        known = (await store.open_at(names, ())).subjects
        return [known[name] for name in names if name in known]

    async def _compare(self, counts: Mapping[Pair, Sequence[OpenCount]]) -> Comparisons:
        async with self._sessions.begin() as session:
            same = await same_places(await database.driver(session), self._places)
            places = PresentPlaces(map(compared_site, await session.scalars(select(Site))), same)
        district, present = self._places.district, defaultdict[Pair, list[RegisteredHousehold]](list)
        for household in self._read.households:
            if household:
                present[district(household.origin_pcode), district(household.place.pcode)].append(household)
        comparisons: Comparisons = {}
        for pair, counted in counts.items():
            # computed in a thread, because comparing thousands of names takes about a second
            [households] = await asyncio.to_thread(self._compared.of, pair, present[pair])
            comparisons |= await asyncio.to_thread(compared, counted, households, places)
        return comparisons

    async def _include(self, counts: Collection[CountOfEverybody]) -> Comparisons:
        """Returns the registered people whom a count of everybody at a site includes."""
        async with self._sessions.begin() as session:
            there = await households_there(session, self._search, self._status, counts)
        at_sites = defaultdict[UUID, list[CountOfEverybody]](list)
        for count in sorted(counts, key=lambda count: (count.counted_at, count.report_id)):
            at_sites[count.site_id].append(count)
        self._included.keep(at_sites.keys())
        return {
            count.report_id: comparison_with(count, households)
            for site_id, at_site in at_sites.items()
            for count, households in zip(
                at_site, self._included.of(site_id, *(there[count.report_id] for count in at_site)), strict=True
            )
        }

    async def _publish(self, comparisons: Comparisons, groups: Mapping[UUID, UUID]) -> int:
        """Returns the number of published counts.

        A count that cannot be read is left out, so that all other counts are published.
        """
        try:
            async with self._sessions.begin() as session:
                return await self._publish_changed(session, comparisons, groups)
        except UNREADABLE as error:
            if len(comparisons) > 1:
                return sum([await self._publish({id: comparison}, groups) for id, comparison in comparisons.items()])
            self._unreadable |= comparisons.keys()
            failed = {"group_id": str(groups[next(iter(comparisons))]), **log.described(error)}
            log.get().error("count not compared with households: its group cannot be read", **failed)
            return 0

    async def _publish_changed(
        self, session: AsyncSession, comparisons: Comparisons, groups: Mapping[UUID, UUID]
    ) -> int:
        listed = select(CountComparison).where(CountComparison.report_id.in_(comparisons))
        published = {row.report_id: row.comparison for row in await session.scalars(listed)}
        changed = {
            report_id: comparison
            for report_id, comparison in comparisons.items()
            if is_changed(comparison, published.get(report_id))
        }
        if not changed:
            return 0
        store = Store(session, self._encryption, self._search, self._places)
        names = [(ReportKind.GROUP.value, str(id)) for id in sorted({groups[report_id] for report_id in changed})]
        subjects = await self._open(store, names)
        messages = await publish_again(session, subjects, store, changed, self._clock())
        await outbox.add(session, *messages.values())
        stored = [{"report_id": id, "comparison": changed[id].model_dump(mode="json")} for id in messages]
        await upsert(session, CountComparison, stored)
        return len(messages)


def is_changed(comparison: PlaceComparison, published: Mapping[str, Any] | None) -> bool:
    """The first comparison of a count is published only if registered people are in the comparison.

    Only people at a stated place in the count's district, and people whom a count of everybody includes, matter.
    """
    if published is None:
        return bool(comparison.registered or comparison.included_persons)
    return comparison != PlaceComparison.model_validate(published)


def compared_site(site: Site) -> ComparedSite:
    names = [name for name in (site.name_ky, site.name_ru, site.name_en) if name]
    return ComparedSite(site.site_id, site.pcode, StatedLocality.of(site.locality, site.locality_pcode), names)

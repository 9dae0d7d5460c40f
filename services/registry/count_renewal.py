"""Computes stored counts again if an import of the gazetteer gave their localities other codes or names.

Before an import, a count names its localities only in words, so no recount with codes could replace the count.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.count_pools import headcount, same_places
from services.registry.decisions import Name
from services.registry.handlers import Registrar
from services.registry.renewals import UNREADABLE
from services.registry.same_places import SamePlaces
from shared import log
from shared.events.vocabulary import ReportKind
from shared.failures import retry_while_unavailable
from shared.places import Places
from shared.postgres import database

AT_ONCE = 200  # groups in one transaction
FIRST = UUID(int=0)
# raw SQL: as in `count_pools`
GROUPS = "SELECT DISTINCT group_id FROM counts WHERE group_id > $1 ORDER BY group_id LIMIT $2"
COUNTS = """
SELECT counts.group_id, counts.report_id, counts.site_id, counts.sex_age, counts.needs, counts.population,
    reports.clear, reports.author, reports.team, reports.places_version, reports.received_at
FROM counts JOIN reports ON (reports.report_id, reports.version) = (counts.report_id, counts.version)
    AND reports.kind = 'group' AND reports.subject_id = counts.group_id AND reports.outcome IN ('recorded', 'merged')
WHERE counts.group_id = ANY($1::uuid[])
"""
# The groups whose people moved to a place without a site. The movement's locality is encrypted and cannot be compared
# here, so these groups are always computed again. Nothing is written if nothing changes.
MOVED = """
SELECT DISTINCT group_id FROM counts
WHERE group_id = ANY($1::uuid[]) AND movement_id IS NOT NULL AND population IS NOT NULL AND site_id IS NULL
"""


async def recount_old(sessions: async_sessionmaker[AsyncSession], registrar: Registrar, places: Places) -> None:
    """Compute these counts again. The worker does this once, because it loads the gazetteer only when it starts."""
    last = FIRST
    while ids := await retry_while_unavailable(partial(next_groups, sessions, last)):
        await retry_while_unavailable(partial(recount_some, sessions, registrar, places, ids))
        last = ids[-1]


async def next_groups(sessions: async_sessionmaker[AsyncSession], last: UUID) -> Sequence[UUID]:
    async with sessions.begin() as session:
        rows = await (await database.driver(session)).fetch(GROUPS, last, AT_ONCE)
    return [row["group_id"] for row in rows]


async def recount_some(
    sessions: async_sessionmaker[AsyncSession], registrar: Registrar, places: Places, ids: Sequence[UUID]
) -> None:
    """Compute the counts of these groups again in one transaction. A group that cannot be read is skipped."""
    try:
        async with sessions.begin() as session:
            connection = await database.driver(session)
            same = await same_places(connection, places)
            old = {name_of(row) for row in await connection.fetch(COUNTS, ids) if is_old(row, places, same)}
            if old := old | {name_of(row) for row in await connection.fetch(MOVED, ids)}:
                await registrar.recount_groups(old, session)
    except UNREADABLE as error:
        if len(ids) == 1:
            failed = {"group_id": str(ids[0]), **log.described(error)}
            log.get().error("group not counted again: it cannot be read", **failed)
            return
        for group_id in ids:
            await recount_some(sessions, registrar, places, [group_id])


def is_old(row: asyncpg.Record, places: Places, same: SamePlaces) -> bool:
    population = replace(headcount(row, places), same=same).population
    return population != (str(row["population"]) if row["population"] else None)


def name_of(row: asyncpg.Record) -> Name:
    return ReportKind.GROUP.value, str(row["group_id"])

"""Computes stored counts again if an import of the gazetteer gave their localities other codes or names.

Before the import, the stored counts name the localities only in words. After the import, a recount with codes could not
replace a stored count without codes. The worker also computes stored counts again if a new release of Dayar has changed
the rules.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.counts.pools import STATED, headcount, same_places
from services.registry.decisions import Name
from services.registry.handlers import Registrar
from services.registry.models import CountRenewal
from services.registry.places.same_places import SamePlaces
from services.registry.renewals import UNREADABLE
from shared import log
from shared.events.vocabulary import ReportKind
from shared.failures import retry_while_unavailable
from shared.places import Places
from shared.postgres import database
from shared.postgres.upsert import upsert

AT_ONCE = 200
FIRST = UUID(int=0)
# Counts are computed again if their reports came less than a day before the last renewal, or later. After the last
# renewal, another worker may still have used the former gazetteer or rules. A report may have waited in Kafka during
# the last renewal.
OVERLAP = timedelta(days=1)
# The version of the rules that compute counts. Since version 2, a population no longer contains the hazard. Since
# version 3, a comparison of two teams leaves out people who left before the later count. Since version 4, a count
# states when somebody last saw its people, and whether their return is presumed. Since version 5, a movement that leads
# to the place of the count moves nobody, even if the movement states no shelter. Since version 6, a count without an
# hour is the latest of its day. Since version 7, two teams can disagree even if their counts are more than a day apart.
RULES = 7
# raw SQL: the reason is the same as in `counts.pools`. A former build may have run meanwhile, and writes populations
# that contain the hazard. In full recounts of a former build, the `stock_id` equals the population. A partial count
# does not show which build wrote the row: all partial counts with a hazard are computed again.
GROUPS = """
SELECT DISTINCT group_id FROM counts
WHERE group_id > $1 AND (
    $3::timestamptz IS NULL
    OR hazard_id IS NOT NULL AND stock_id IN (population, report_id)
    OR EXISTS (
        SELECT FROM reports WHERE received_at >= $3 AND (subject_id = counts.group_id OR report_id = counts.movement_id)
    )
)
ORDER BY group_id LIMIT $2
"""
COUNTS = f"{STATED} WHERE counts.group_id = ANY($1::uuid[])"
# Selects the groups about which movements were reported. The locality of a movement is encrypted, so the groups with
# movements are always computed again. A count that does not change is not written.
MOVED = """
SELECT DISTINCT group_id FROM counts WHERE group_id = ANY($1::uuid[]) AND (
    movement_id IS NOT NULL
    OR EXISTS (SELECT FROM reports WHERE kind = 'group_movement' AND subject_id = counts.group_id)
    OR EXISTS (SELECT FROM reports WHERE kind = 'site_movement' AND subject_id = counts.site_id)
)
"""


async def recount_old(sessions: async_sessionmaker[AsyncSession], registrar: Registrar, places: Places) -> None:
    """The worker calls this function only at its start, when the worker loads the gazetteer.

    If the gazetteer and the rules are the same as at the last start, only groups with newer reports are computed.
    """
    version, now = f"{RULES}/{places.version}", datetime.now(UTC)
    renewed_at = await retry_while_unavailable(partial(last_renewal, sessions, version))
    since, last = renewed_at and renewed_at - OVERLAP, FIRST
    while ids := await retry_while_unavailable(partial(next_groups, sessions, last, since)):
        await retry_while_unavailable(partial(recount_some, sessions, registrar, places, ids))
        last = ids[-1]
    await retry_while_unavailable(partial(note_renewal, sessions, version, now))


async def last_renewal(sessions: async_sessionmaker[AsyncSession], version: str) -> datetime | None:
    """`version` names the present gazetteer and rules. Return None if the last renewal had another version."""
    async with sessions() as session:
        return await session.scalar(select(CountRenewal.renewed_at).where(CountRenewal.version == version))


async def note_renewal(sessions: async_sessionmaker[AsyncSession], version: str, at: datetime) -> None:
    async with sessions.begin() as session:
        await session.execute(delete(CountRenewal).where(CountRenewal.version != version))
        await upsert(session, CountRenewal, [{"version": version, "renewed_at": at}])


async def next_groups(sessions: async_sessionmaker[AsyncSession], last: UUID, since: datetime | None) -> Sequence[UUID]:
    async with sessions.begin() as session:
        rows = await (await database.driver(session)).fetch(GROUPS, last, AT_ONCE, since)
    return [row["group_id"] for row in rows]


async def recount_some(
    sessions: async_sessionmaker[AsyncSession], registrar: Registrar, places: Places, ids: Sequence[UUID]
) -> None:
    """A group that cannot be read is skipped."""
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

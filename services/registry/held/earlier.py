"""Publishes the people in listed held reports.

Held reports of an earlier release of Dayar are listed, because that release published no events about held reports. A
held count is listed again if its stock may have changed (`counts.py`). A registered group is listed if a site gets a
name that the group's counts may contain.
"""

import asyncio
from collections.abc import Sequence

from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.registry.counts.pools import SHARE_PLACES
from services.registry.decisions import Name
from services.registry.handlers import Registrar
from services.registry.held.counts import CHANNEL
from services.registry.models import UnpublishedHeldPeople
from shared.failures import retry_while_unavailable
from shared.postgres import database, notify

# the list is polled, because a worker misses a NOTIFY while it reconnects
IDLE_SECONDS = 5.0
AT_ONCE = 200
# raw SQL: the ORM cannot read whether a sequence was used. An earlier release of Dayar may have held more reports after
# the migration made the list. More held reports are added only while the sequence is unused, which means that no event
# has been published.
COMPLETE = text("""
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT DISTINCT kind, subject_id FROM reports
WHERE outcome = 'held' AND kind IN ('household', 'group') AND NOT (SELECT is_called FROM held_sequence)
ORDER BY kind, subject_id
ON CONFLICT DO NOTHING
""")


# raw SQL: the statement reads the unencrypted fields. An earlier release of Dayar published some held counts without
# storing their facts. The stored facts of a held count can also belong to another version of the report.
WITHOUT_FACTS = text("""
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT 'group', group_id FROM held_stocks AS held
WHERE held.status IS NULL OR EXISTS (
    SELECT FROM reports
    WHERE (reports.report_id, reports.version, reports.author) = (held.report_id, held.version, held.author)
        AND reports.kind = 'group' AND (
            (reports.clear::json ->> 'persons')::integer <> held.persons
            OR (reports.clear::json ->> 'reported_at')::timestamptz <> held.reported_at
        )
)
ORDER BY group_id
ON CONFLICT DO NOTHING
""")


async def complete_list(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Call this function before this release of Dayar holds its first report."""
    async with sessions.begin() as session:
        await session.execute(COMPLETE)
        await session.execute(WITHOUT_FACTS)


async def keep_published(engine: AsyncEngine, registrar: Registrar) -> None:
    woken, sessions = asyncio.Event(), database.sessions(engine)
    async with asyncio.TaskGroup() as group:
        group.create_task(notify.listen(engine, CHANNEL, woken))
        while True:
            woken.clear()
            while await retry_while_unavailable(lambda: publish_some(sessions, registrar)):
                pass
            await notify.wait(woken, IDLE_SECONDS)


async def publish_some(sessions: async_sessionmaker[AsyncSession], registrar: Registrar) -> int:
    async with sessions.begin() as session:
        # A transaction that holds this lock exclusively adds rows to the list. Take the lock before any row is removed.
        # If rows were removed without the lock, the two transactions could wait for each other.
        await (await database.driver(session)).execute(SHARE_PLACES)
        names = await take_some(session)
        await registrar.publish_held(names, session)
    return len(names)


async def take_some(session: AsyncSession) -> Sequence[Name]:
    """Concurrent workers remove different rows."""
    listed = UnpublishedHeldPeople
    some = select(listed.kind, listed.subject_id).limit(AT_ONCE).with_for_update(skip_locked=True)
    taken = delete(listed).where(tuple_(listed.kind, listed.subject_id).in_(some))
    rows = await session.execute(taken.returning(listed.kind, listed.subject_id))
    return [(kind, str(subject_id)) for kind, subject_id in rows]

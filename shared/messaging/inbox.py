"""The inbox deduplicates events, so that a repeated event has its effect once."""

from collections.abc import Collection, Sequence
from enum import Enum, auto
from uuid import UUID

import asyncpg
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.models import InboxEvent
from shared.messaging.records import Received
from shared.postgres import bulk_copy, database
from shared.postgres.bulk_copy import Copy

COPY_FROM = 50  # with at least this number of rows, a savepoint and a COPY are faster than an INSERT

# raw SQL: because the parameters are arrays, each batch needs only one statement
INSERT = """
INSERT INTO inbox (event_id, digest) SELECT * FROM unnest($1::uuid[], $2::bytea[])
ON CONFLICT DO NOTHING RETURNING event_id::text
"""


class Reading(Enum):
    FIRST = auto()
    REPEAT = auto()
    CONFLICT = auto()


async def sort(session: AsyncSession, received: Sequence[Received]) -> list[Reading]:
    """FIRST means that the event is new.

    REPEAT means that an earlier event has the same id and digest. CONFLICT means that an earlier event has the same id
    and a different digest.
    """
    first: dict[str, Received] = {}
    for event in received:
        first.setdefault(event.event.id, event)
    new, known = await _enter(session, {id: event.digest for id, event in first.items()})
    if not known and len(first) == len(received):
        return [Reading.FIRST] * len(received)
    return [
        Reading.FIRST
        if event.event.id in new and first[event.event.id] is event
        else Reading.REPEAT
        if event.digest == (known.get(event.event.id) or first[event.event.id].digest)
        else Reading.CONFLICT
        for event in received
    ]


async def forget(session: AsyncSession, event_ids: Collection[str]) -> None:
    """Remove the ids of events that were set aside.

    Without its id in the inbox, the redrive of an event counts as FIRST.
    """
    await session.execute(delete(InboxEvent).where(InboxEvent.event_id.in_(map(UUID, event_ids))))


async def _enter(session: AsyncSession, digests: dict[str, bytes]) -> tuple[Collection[str], dict[str, bytes]]:
    """Store the new events. Return the ids of the new events, and the stored digests of the known events."""
    connection = await database.driver(session)
    if len(digests) >= COPY_FROM and await _copy(connection, digests):
        return digests.keys(), {}
    new = {row[0] for row in await connection.fetch(INSERT, list(digests), list(digests.values()))}
    if len(new) == len(digests):
        return new, {}
    known = [UUID(id) for id in digests if id not in new]
    rows = select(InboxEvent.event_id, InboxEvent.digest).where(InboxEvent.event_id.in_(known))
    return new, {str(id): digest for id, digest in await session.execute(rows)}


async def _copy(connection: asyncpg.Connection, digests: dict[str, bytes]) -> bool:
    """COPY is twice as fast as INSERT for many rows.

    Store nothing and return False if one of the events is already stored.
    """
    try:
        async with connection.transaction():
            await bulk_copy.write(connection, [Copy("inbox", bulk_copy.columns(InboxEvent), digests.items())])
    except asyncpg.UniqueViolationError:
        return False
    return True

"""The inbox: an event has its effect once, however often and by whatever way it comes."""

from collections.abc import Collection, Sequence
from enum import Enum, auto

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.records import Received
from shared.postgres import database

COPY_FROM = 50  # fewer rows are told faster by one INSERT than by COPY and its savepoint

INSERT = """
INSERT INTO inbox (event_id, digest) SELECT * FROM unnest($1::uuid[], $2::bytea[])
ON CONFLICT DO NOTHING RETURNING event_id::text
"""


class Reading(Enum):
    FIRST = auto()
    REPEAT = auto()
    CONFLICT = auto()


async def sort(session: AsyncSession, received: Sequence[Received]) -> list[Reading]:
    """Which are read for the first time; of the others, which say the same again and which contradict."""
    first: dict[str, Received] = {}
    for one in received:
        first.setdefault(one.event.id, one)
    new, known = await _enter(session, {id: one.digest for id, one in first.items()})
    if not known and len(first) == len(received):
        return [Reading.FIRST] * len(received)
    return [
        Reading.FIRST
        if one.event.id in new and first[one.event.id] is one
        else Reading.REPEAT
        if one.digest == (known.get(one.event.id) or first[one.event.id].digest)
        else Reading.CONFLICT
        for one in received
    ]


async def forget(session: AsyncSession, event_ids: Collection[str]) -> None:
    """What was set aside had no effect: a redrive of it is a first reading again."""
    connection = await database.driver(session)
    await connection.execute("DELETE FROM inbox WHERE event_id = ANY($1::uuid[])", list(event_ids))


async def _enter(session: AsyncSession, digests: dict[str, bytes]) -> tuple[Collection[str], dict[str, bytes]]:
    """Enters what is new; returns it, and the stored digests of what was known."""
    connection = await database.driver(session)
    if len(digests) >= COPY_FROM and await _copy(connection, digests):
        return digests.keys(), {}
    new = {row[0] for row in await connection.fetch(INSERT, list(digests), list(digests.values()))}
    if len(new) == len(digests):
        return new, {}
    others = [id for id in digests if id not in new]
    rows = await connection.fetch("SELECT event_id::text, digest FROM inbox WHERE event_id = ANY($1::uuid[])", others)
    return new, dict(rows)


async def _copy(connection: asyncpg.Connection, digests: dict[str, bytes]) -> bool:
    """Nearly every batch is wholly new, and then COPY is twice as fast; False = something in it was known."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(
                "inbox", records=list(digests.items()), columns=("event_id", "digest")
            )
    except asyncpg.UniqueViolationError:
        return False
    return True

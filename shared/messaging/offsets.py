"""Positions: PostgreSQL alone knows what comes next, and the fence keeps a worker that slept from going on."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.records import Partition, Reading
from shared.postgres import database

FROZEN = timedelta(seconds=10)

STORED = """
SELECT topic, partition, next_offset FROM consumer_offsets
JOIN unnest($1::text[], $2::integer[]) AS held (topic, partition) USING (topic, partition)
"""
# In order, so that two workers that hold the same partitions never wait for each other in a ring.
LOCK = text("""
SELECT topic, partition, next_offset FROM consumer_offsets
WHERE (topic, partition) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])))
ORDER BY topic, partition FOR UPDATE
""")
END_FROZEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = current_user AND state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY %'
    AND state_change < clock_timestamp() - $1::interval
"""
BEGIN = """
INSERT INTO consumer_offsets (topic, partition, first_offset, next_offset)
SELECT topic, partition, first, first FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS held (topic, partition, first)
ON CONFLICT DO NOTHING
"""
STOP = "UPDATE consumer_offsets SET stopped = $3 WHERE topic = $1 AND partition = $2"
STOPPED = "SELECT DISTINCT stopped FROM consumer_offsets WHERE stopped IS NOT NULL AND topic = ANY($1)"


class Fenced(Exception):
    """Another worker went on where this one stopped: what it holds is no longer its own."""


async def stored(session: AsyncSession, partitions: Collection[Partition]) -> dict[Partition, int]:
    """What to read next. A partition without a row was never read."""
    connection = await database.driver(session)
    rows = await connection.fetch(STORED, *_columns(partitions))
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def begin(session: AsyncSession, firsts: Mapping[Partition, int]) -> None:
    """The first start of a partition: at the log's start, so that nothing on it goes uncounted."""
    connection = await database.driver(session)
    await connection.execute(BEGIN, *_columns(firsts), list(firsts.values()))


async def fence(session: AsyncSession, readings: Iterable[Reading]) -> None:
    """The batch's first statement: locks its partitions, and raises Fenced unless each stands where the batch begins."""
    held = firsts(readings)
    topics, partitions = _columns(held)
    rows = await session.execute(LOCK, {"topics": topics, "partitions": partitions})
    if {(row.topic, row.partition): row.next_offset for row in rows} != held:
        raise Fenced


async def end_frozen(session: AsyncSession, *, after: timedelta = FROZEN) -> int:
    """Ends the backends of workers that froze within a COPY, and returns how many.

    While PostgreSQL waits there for its client it heeds no timeout, and what that worker locked would stay locked.
    """
    connection = await database.driver(session)
    return len(await connection.fetch(END_FROZEN, after))


async def stop(session: AsyncSession, place: Partition, reason: str) -> None:
    """Shown red in the ledger until a worker goes on there."""
    connection = await database.driver(session)
    await connection.execute(STOP, *place, reason)


async def stopped(session: AsyncSession, topics: Collection[str]) -> list[str]:
    """Why partitions of these topics stand still that nobody got to move since."""
    connection = await database.driver(session)
    return [row["stopped"] for row in await connection.fetch(STOPPED, list(topics))]


def firsts(readings: Iterable[Reading]) -> dict[Partition, int]:
    held: dict[Partition, int] = {}
    for reading in readings:
        held.setdefault(reading.record.place, reading.record.offset)
    return held


def nexts(readings: Iterable[Reading]) -> dict[Partition, int]:
    # offset + 1: what is stored is the next record to read.
    return {reading.record.place: reading.record.offset + 1 for reading in readings}


def _columns(partitions: Collection[Partition]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in partitions], [number for _, number in partitions]


__all__ = ["Fenced", "begin", "end_frozen", "fence", "firsts", "nexts", "stop", "stopped", "stored"]

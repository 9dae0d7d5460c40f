"""Offsets are stored only in PostgreSQL. The fence stops a worker that was frozen and replaced."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.models import ConsumerOffset
from shared.messaging.records import Partition, Reading
from shared.postgres import database

FROZEN = timedelta(seconds=10)

# The rows are locked in a fixed order. Two workers that lock in different orders could deadlock.
# raw SQL: because the parameters are arrays, each batch needs only one statement
LOCK = """
SELECT topic, partition, next_offset FROM consumer_offsets
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::integer[]))
ORDER BY topic, partition FOR UPDATE
"""
# raw SQL: the statement reads PostgreSQL's system tables, which have no models
END_FROZEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = current_user AND state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY %'
    AND state_change < clock_timestamp() - $1::interval
"""


class Fenced(Exception):
    """Another worker has advanced these partitions: this worker must drop its batch."""


async def stored(session: AsyncSession, partitions: Collection[Partition]) -> dict[Partition, int]:
    """Leaves out the partitions that no worker has read."""
    topic_partition = (ConsumerOffset.topic, ConsumerOffset.partition)
    rows = await session.execute(
        select(*topic_partition, ConsumerOffset.next_offset).where(tuple_(*topic_partition).in_(partitions))
    )
    return {(topic, partition): next for topic, partition, next in rows}


async def begin(session: AsyncSession, firsts: Mapping[Partition, int]) -> None:
    """Store the first offset of each partition, from which the ledger counts.

    Partitions with a stored offset stay unchanged.
    """
    rows = [
        {"topic": topic, "partition": partition, "first_offset": first, "next_offset": first}
        for (topic, partition), first in firsts.items()
    ]
    if rows:
        await session.execute(insert(ConsumerOffset).on_conflict_do_nothing(), rows)


async def fence(session: AsyncSession, readings: Iterable[Reading]) -> None:
    """Locks the stored offsets of the batch's partitions.

    Raises Fenced if the batch does not begin at the stored offsets.
    """
    held = firsts(readings)
    connection = await database.driver(session)
    rows = await connection.fetch(LOCK, *_columns(held))
    if {(row["topic"], row["partition"]): row["next_offset"] for row in rows} != held:
        raise Fenced


async def end_frozen(session: AsyncSession) -> int:
    """End the sessions of workers that froze during a COPY.

    Return their number. PostgreSQL waits for COPY data without a timeout. The locks of a frozen worker would therefore
    stay for ever.
    """
    connection = await database.driver(session)
    return len(await connection.fetch(END_FROZEN, FROZEN))


async def stop(session: AsyncSession, topic_partition: Partition, reason: str) -> None:
    """Store the reason. The ledger shows the partition in red until a worker advances its offset."""
    topic, partition = topic_partition
    stopped = update(ConsumerOffset).filter_by(topic=topic, partition=partition).values(stopped=reason)
    await session.execute(stopped)


async def stopped(session: AsyncSession, topics: Collection[str]) -> list[str]:
    reasons = select(ConsumerOffset.stopped).where(ConsumerOffset.topic.in_(topics)).distinct()
    return [reason for reason in await session.scalars(reasons) if reason is not None]


def firsts(readings: Iterable[Reading]) -> dict[Partition, int]:
    held: dict[Partition, int] = {}
    for reading in readings:
        held.setdefault(reading.record.topic_partition, reading.record.offset)
    return held


def nexts(readings: Iterable[Reading]) -> dict[Partition, int]:
    # The table stores the offset of the next record to read.
    return {reading.record.topic_partition: reading.record.offset + 1 for reading in readings}


def _columns(partitions: Collection[Partition]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in partitions], [number for _, number in partitions]


__all__ = ["Fenced", "begin", "end_frozen", "fence", "firsts", "nexts", "stop", "stopped", "stored"]

"""The ledger counts every offset under exactly one outcome kind, so that no record is dropped silently."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Request
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared.config import Settings
from shared.events import TOPICS
from shared.events.vocabulary import OutcomeKind
from shared.messaging import kafka, offsets
from shared.messaging.models import ConsumerOffset, DeadLetterRow, LedgerCount
from shared.messaging.records import Outcome, Partition, Reading
from shared.postgres import database

# raw SQL: because the parameters are arrays, each batch needs only one statement
ENTER = """
WITH entered AS (
    INSERT INTO ledger AS known (topic, partition, kind, count)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[])
    ON CONFLICT (topic, partition, kind) DO UPDATE SET count = known.count + excluded.count
)
UPDATE consumer_offsets AS stored SET next_offset = read.next, advanced_at = now(), stopped = NULL
FROM unnest($5::text[], $6::integer[], $7::bigint[]) AS read (topic, partition, next)
WHERE stored.topic = read.topic AND stored.partition = read.partition
"""

KINDS = (
    select(func.jsonb_object_agg(LedgerCount.kind, LedgerCount.count, type_=JSONB))
    .where(LedgerCount.topic == ConsumerOffset.topic, LedgerCount.partition == ConsumerOffset.partition)
    .scalar_subquery()
)
BALANCE = select(
    ConsumerOffset.topic,
    ConsumerOffset.partition,
    ConsumerOffset.first_offset.label("first"),
    ConsumerOffset.next_offset.label("next"),
    ConsumerOffset.advanced_at,
    ConsumerOffset.stopped,
    func.coalesce(KINDS, literal({}, JSONB)).label("kinds"),
).order_by(ConsumerOffset.topic, ConsumerOffset.partition)
KAFKA_SECONDS = 5
# The console is mounted at `/`. Intake's `/v1/ledger` has the counts of admission, which need no PostgreSQL.
PATHS = {"console": "/console/v1/ledger", "intake": "/v1/ledger/consumer"}
ASKED_EVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """`unread_since` is the time at which the oldest unread record was written.

    `unread_since` is None if all records are read. `end` and `unread_since` are None if the broker did not answer.
    """

    consumer: str
    topic: str
    partition: int
    kinds: dict[str, int]
    first: int
    next: int
    end: int | None = None
    unread_since: datetime | None = None
    advanced_at: datetime | None = None
    stopped: str | None = None

    @property
    def is_balanced(self) -> bool:
        return self.next - self.first == sum(self.kinds.values())

    @property
    def on_its_way(self) -> int | None:
        return None if self.end is None else self.end - self.next


@dataclass(frozen=True, slots=True)
class DeadLetter:
    topic: str
    partition: int
    offset: int
    event_id: UUID | None
    reason: str
    pointer: str
    set_aside_at: datetime


async def enter(session: AsyncSession, readings: Sequence[Reading], outcomes: Sequence[Outcome]) -> None:
    """Adds the outcomes to the counts, and advances the stored offsets, in one statement."""
    counts = Counter(
        (*reading.record.topic_partition, outcome.kind) for reading, outcome in zip(readings, outcomes, strict=True)
    )
    nexts = offsets.nexts(readings)
    connection = await database.driver(session)
    await connection.execute(ENTER, *_count_columns(counts), *_next_columns(nexts))


async def balance(session: AsyncSession) -> list[Row]:
    """Leaves out the end offsets, which only Kafka knows (see `with_ends`)."""
    service = await session.scalar(select(func.current_schema()))
    rows = await session.execute(BALANCE)
    return [Row(consumer=service or "", end=None, **row) for row in rows.mappings()]


async def with_ends(rows: Sequence[Row], service: str, topics: Iterable[str], settings: Settings) -> list[Row]:
    """Add the end offsets of the topics from Kafka, and rows for partitions that no worker has read yet."""
    try:
        async with asyncio.timeout(KAFKA_SECONDS), kafka.log_reader(settings, topics) as reader:
            ends = await reader.ends()
            known = {(row.topic, row.partition): row for row in rows}
            ended = {
                topic_partition: replace(
                    known.get(topic_partition) or Row(service, *topic_partition, kinds={}, first=0, next=0), end=end
                )
                for topic_partition, end in sorted(ends.items())
            }
            written = await reader.written_at(
                # After the loss of the Kafka log, the next offset of a partition can be beyond the partition's end. The
                # broker refuses such an offset, so only partitions with unread records are read.
                {topic_partition: row.next for topic_partition, row in ended.items() if (row.on_its_way or 0) > 0}
            )
    except (TimeoutError, KafkaError):
        return list(rows)
    return [replace(row, unread_since=written.get(topic_partition)) for topic_partition, row in ended.items()]


def oldest_unread(rows: Iterable[Row]) -> datetime | None:
    """None if all records are read."""
    return min((row.unread_since for row in rows if row.unread_since), default=None)


class Unread:
    """The check of `/ready` fails when an unread record is older than half of the topic's retention time.

    The failed check lets an operator act before Kafka deletes the record.
    """

    def __init__(self, service: str, settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._service = service
        self._settings = settings
        self._sessions = sessions
        self._asked_at = -ASKED_EVERY_SECONDS
        self._is_in_time = True

    async def is_in_time(self) -> bool:
        """Cached for ten seconds, because each check opens a connection to the broker."""
        if time.monotonic() - self._asked_at >= ASKED_EVERY_SECONDS:
            self._asked_at = time.monotonic()
            with suppress(TimeoutError, KafkaError):
                self._is_in_time = await self._ask()
        return self._is_in_time

    async def _ask(self) -> bool:
        async with self._sessions.begin() as session:
            known = await balance(session)
        topics = consumed(self._service)
        rows = await with_ends(known, self._service, topics, self._settings)
        for topic in map(TOPICS.__getitem__, topics):
            if (kept_ms := self._settings.kept_ms(topic)) is not None:
                oldest = oldest_unread(row for row in rows if row.topic == topic.name)
                if oldest and datetime.now(UTC) - oldest > timedelta(milliseconds=kept_ms / 2):
                    return False
        return True


async def dead_letters(session: AsyncSession, *, limit: int = 200) -> list[DeadLetter]:
    """The newest letters come first. `dead_letters_count` counts all dead letters."""
    newest = select(DeadLetterRow).order_by(DeadLetterRow.set_aside_at.desc()).limit(limit)
    return [_without_content(row) for row in await session.scalars(newest)]


async def dead_letters_by_reason(session: AsyncSession) -> list[dict[str, Any]]:
    """For each topic and reason, returns the number of dead letters and the time of the oldest dead letter."""
    row, oldest = DeadLetterRow, func.min(DeadLetterRow.set_aside_at).label("oldest")
    counted = select(row.topic, row.reason, func.count().label("letters"), oldest).group_by(row.topic, row.reason)
    return [dict(row) for row in (await session.execute(counted.order_by(oldest))).mappings()]


async def dead_letter(session: AsyncSession, topic: str, partition: int, offset: int) -> DeadLetter | None:
    row = await session.get(DeadLetterRow, (topic, partition, offset))
    return None if row is None else _without_content(row)


async def dead_letters_count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(DeadLetterRow)) or 0


def routes(service: str) -> APIRouter:
    router = APIRouter()

    @router.get(PATHS.get(service, "/v1/ledger"))
    async def ledger(request: Request, session: database.Session) -> dict[str, Any]:
        rows = await balance(session)
        letters, count = await dead_letters(session), await dead_letters_count(session)
        by_reason = await dead_letters_by_reason(session)
        await session.commit()  # End the transaction before the request to the broker, which can take seconds.
        rows = await with_ends(rows, service, consumed(service), request.app.state.settings)
        return {
            "consumer": service,
            "partitions": [_shown(row) for row in rows],
            "dead_letters": list(map(asdict, letters)),
            "dead_letters_count": count,
            "dead_letters_by_reason": by_reason,
        }

    return router


def consumed(service: str) -> list[str]:
    return [topic.name for topic in TOPICS.values() if service in topic.consumers]


def _without_content(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(*(getattr(row, field.name) for field in fields(DeadLetter)))


def _shown(row: Row) -> dict[str, Any]:
    return {**asdict(row), "on_its_way": row.on_its_way, "is_balanced": row.is_balanced}


def _count_columns(
    counts: Mapping[tuple[str, int, OutcomeKind], int],
) -> tuple[list[str], list[int], list[str], list[int]]:
    return (
        [topic for topic, _, _ in counts],
        [partition for _, partition, _ in counts],
        [kind.value for _, _, kind in counts],
        list(counts.values()),
    )


def _next_columns(nexts: Mapping[Partition, int]) -> tuple[list[str], list[int], list[int]]:
    return [topic for topic, _ in nexts], [partition for _, partition in nexts], list(nexts.values())

"""Reads a consumer's topics in order, starting at the offsets stored in PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared import log
from shared.config import Settings
from shared.failures import Backoff, is_dependency_unavailable
from shared.messaging import kafka, offsets
from shared.messaging.failure_limits import Failures
from shared.messaging.records import Partition, Reading, Record

# The range assignor gives partitions with the same number, in all topics, to one worker. Topics with the same keys have
# equally many partitions. All records of a hazard therefore reach one worker, and two workers never judge the same
# hazard at the same time. Use only one assignor: aiokafka 0.14 sends a JoinGroup request for each assignor (its pull
# request 1168). With several assignors, two workers could interrupt each other's requests endlessly.
ASSIGNORS = (RangePartitionAssignor,)
BETWEEN_TURNS = 8  # After this number of records, decoding lets other tasks run, such as the current commit.
# A fetch reads up to this number of bytes for each record of a batch, and at least aiokafka's default of 1 MiB. A fetch
# of 1 MiB contained only 300 reports for the registry, so half of its batches were small.
FETCHED_BYTES, LEAST_BYTES = 4096, 2**20
# Commits to Kafka are rare, because a commit costs the broker as much as a record.
COMMIT_SECONDS = 1.0

Open = Callable[[Record], Awaitable[Reading]]


class RecordStream:
    def __init__(
        self,
        topics: Sequence[str],
        *,
        group: str,
        open: Open,
        max_records: int,
        every_ms: int,
        enough: int | None,
        settings: Settings,
        sessions: async_sessionmaker[AsyncSession],
        failures: Failures,
    ) -> None:
        self._topics = topics
        self._group = group
        self._open_one = open
        self._max_records = max_records
        self._every_seconds = every_ms / 1000
        self._enough = enough or max_records // 2
        self._fetched_at = self._paused_until = 0.0
        self._settings = settings
        self._sessions = sessions
        self._failures = failures
        self._rebalances = Rebalances()
        self._positions: dict[Partition, int] = {}
        self._uncommitted: dict[Partition, int] = {}
        self._has_uncommitted = asyncio.Event()
        self._kafka: Any = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        self._kafka = AIOKafkaConsumer(
            **kafka.options(self._settings),
            group_id=self._settings.topic_prefix + self._group,
            group_instance_id=self._settings.kafka_group_instance,
            partition_assignment_strategy=ASSIGNORS,
            auto_offset_reset="none",
            enable_auto_commit=False,
            fetch_max_wait_ms=kafka.GROUP_WAIT_MS,
            consumer_timeout_ms=kafka.LOOK_MS,
            max_partition_fetch_bytes=max(LEAST_BYTES, FETCHED_BYTES * self._max_records),
            session_timeout_ms=6000,
            heartbeat_interval_ms=2000,
        )
        topics = [self._settings.topic_prefix + topic for topic in self._topics]
        self._kafka.subscribe(topics, listener=self._rebalances)
        self.drop()
        try:
            await kafka.start(self._kafka)
            self._fetched_at = time.monotonic()
            yield
        finally:
            await kafka.stop(self._kafka)

    def drop(self) -> None:
        """Discards unsettled records. The caller must then call `seek`."""
        self._rebalances.is_seek_due = True

    @property
    def is_dropped(self) -> bool:
        return self._rebalances.is_seek_due

    async def read(self) -> list[Reading]:
        """Return [] if no record has arrived, or if the caller must call `seek` first. Raises ConsumerStopped."""
        try:
            records = await self._fetch()
        except NoOffsetForPartitionError:
            # After a rebalance, aiokafka fetched from a partition before `seek` set the partition's offset.
            self.drop()
        except OffsetOutOfRangeError as error:
            if not self.is_dropped:
                lost = next(iter(error.args[0]))
                there = await self._kafka.beginning_offsets([lost])
                await self._failures.stop("out_of_range", self._topic_partition(lost), first_there=there[lost])
        else:
            if not self.is_dropped:
                return await self._open(records)
        return []

    async def _fetch(self) -> list[Record]:
        await asyncio.sleep(max(0.0, self._paused_until - time.monotonic()))
        self._kafka.resume(*self._kafka.paused())
        fetched = await self._kafka.getmany(timeout_ms=1000, max_records=self._max_records)
        prefix = self._settings.topic_prefix
        records = [kafka.record(record, prefix) for of_partition in fetched.values() for record in of_partition]
        if self._every_seconds and 0 < len(records) < self._max_records / 2:
            self._pause(len(records))
        return records

    def _pause(self, count: int) -> None:
        """Pause the fetches, so that records gather in the broker.

        One fetch of many records costs less than many fetches. The pause lasts until about `enough` records have
        arrived at the rate of the last `count` records, but at most for `every_ms`.
        """
        now = time.monotonic()
        self._paused_until = now + min(self._every_seconds, self._enough * (now - self._fetched_at) / count)
        self._fetched_at = now
        self._kafka.pause(*self._kafka.assignment())

    async def seek(self) -> None:
        """Continue at the offsets that are stored in PostgreSQL.

        By itself, aiokafka would continue at the offsets that were committed to Kafka.
        """
        backoff = Backoff()
        while self.is_dropped:
            self._rebalances.is_seek_due = False
            held = {self._topic_partition(partition): partition for partition in self._kafka.assignment()}
            try:
                positions = await self._stored(held)
            except Exception as error:
                if not is_dependency_unavailable(error):
                    raise
                log.get().warning("waiting for the stored offset", **log.described(error))
                self.drop()
                await backoff.wait()
                continue
            if not self.is_dropped:
                self._positions = positions
                for topic_partition, offset in positions.items():
                    self._kafka.seek(held[topic_partition], offset)

    async def _stored(self, held: dict[Partition, TopicPartition]) -> dict[Partition, int]:
        async with self._sessions.begin() as session:
            stored = await offsets.stored(session, held)
            self._failures.expect(await offsets.stopped(session, self._topics))
        new = [topic_partition for topic_partition in held if topic_partition not in stored]
        if not new:
            return stored
        starts = await self._kafka.beginning_offsets([held[topic_partition] for topic_partition in new])
        async with self._sessions.begin() as session:
            await offsets.begin(session, {topic_partition: starts[held[topic_partition]] for topic_partition in new})
            return await offsets.stored(session, held)

    async def _open(self, records: Sequence[Record]) -> list[Reading]:
        await self._check_whole(records)
        readings: list[Reading] = []
        for number, record in enumerate(records, start=1):
            readings.append(await self._open_one(record))
            if number % BETWEEN_TURNS == 0:
                await asyncio.sleep(0)
        return readings

    async def _check_whole(self, records: Iterable[Record]) -> None:
        """Stop the consumer if offsets are missing. Topics have no gaps, so missing offsets mean lost records."""
        for record in records:
            if record.offset != self._positions[record.topic_partition]:
                await self._failures.stop("gap", record.topic_partition, first_there=record.offset)
            self._positions[record.topic_partition] = record.offset + 1

    def note(self, readings: Sequence[Reading]) -> None:
        """Remember the offsets of settled records for `commit_offsets`."""
        self._uncommitted |= offsets.nexts(readings)
        self._has_uncommitted.set()

    async def commit_offsets(self) -> None:
        """Once a second, commits offsets to Kafka, until cancelled.

        Only tools that show the lag read the committed offsets; the consumer never reads them.
        """
        while True:
            await self._has_uncommitted.wait()
            self._has_uncommitted.clear()
            await self._commit()
            await asyncio.sleep(COMMIT_SECONDS)

    async def _commit(self) -> None:
        noted, self._uncommitted = self._uncommitted, {}
        held = self._kafka.assignment()  # another worker may have taken over some partitions
        own = {
            partition: next
            for topic_partition, next in noted.items()
            if (partition := self._partition(topic_partition)) in held
        }
        if not own:
            return
        try:
            async with asyncio.timeout(1):
                with kafka.raise_on_foreign_cancellation():
                    await self._kafka.commit(own)
        except (TimeoutError, CommitFailedError, IllegalStateError, KafkaError):
            log.get().debug("offsets not committed to Kafka")

    def behind(self, record: Record) -> int:
        """Return the number of records after this record, as far as the worker knows."""
        partition = self._partition(record.topic_partition)
        if partition not in self._kafka.assignment():
            return 0  # Another worker has taken over the partition, and reports the number.
        return max(0, (self._kafka.highwater(partition) or 0) - record.offset - 1)

    def _topic_partition(self, partition: TopicPartition) -> Partition:
        return partition.topic.removeprefix(self._settings.topic_prefix), partition.partition

    def _partition(self, topic_partition: Partition) -> TopicPartition:
        return TopicPartition(self._settings.topic_prefix + topic_partition[0], topic_partition[1])


class Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]
    """Only sets `is_seek_due`.

    A seek in a callback would be unsafe: aiokafka only logs errors of callbacks, and would then read from offset 0.
    """

    def __init__(self) -> None:
        self.is_seek_due = True

    def on_partitions_revoked(self, revoked: object) -> None:  # noqa: ARG002 - aiokafka's signature
        self.is_seek_due = True

    def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002 - aiokafka's signature
        self.is_seek_due = True

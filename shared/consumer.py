"""The consumer: every record of its topics has its effect once, or is set aside with a reason; nothing is dropped."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from prometheus_client import REGISTRY, CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared import batches, kafka, log, offsets
from shared.config import Settings
from shared.deadletters import DeadLetters
from shared.events import MalformedEvent, UnknownEventType
from shared.events.vocabulary import OutcomeKind
from shared.faults import Backoff, ConsumerStopped, PartAtFault, SetAside, is_part_at_fault
from shared.offsets import Fenced
from shared.readings import Handler, Opener, Outcome, Partition, Reading, Received, Record, Refused, open_plain
from shared.seal import Sealer

TRIES_ALONE = 3
AT_ONCE = 32  # records opened before the loop may turn to the batch being written
WINDOW = 200


class Consumer:
    """Reads `topics` as the group `service`. The next batch is read and opened while this one is written."""

    def __init__(
        self,
        service: str,
        topics: Sequence[str],
        handler: Handler,
        *,
        settings: Settings,
        sessions: async_sessionmaker[AsyncSession],
        opener: Opener = open_plain,
        max_records: int = 500,
        sealer: Sealer | None = None,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._service = service
        self._topics = topics
        self._handler = handler
        self._settings = settings
        self._sessions = sessions
        self._opener = opener
        self._max_records = max_records
        self._letters = DeadLetters(service, sealer)
        self._failures = Failures()
        self._rebalances = Rebalances()
        self._positions: dict[Partition, int] = {}
        self._kafka: Any = None

    async def run(self) -> None:
        """Until cancelled, or until ConsumerStopped: then it has said why, in the log and in the ledger."""
        backoff = Backoff()
        while True:
            try:
                async with self._connected():
                    backoff.reset()
                    await self._consume()
            except* KafkaError as group:
                log.get().warning("reads again from the stored position", **log.described(group.exceptions[0]))
            await backoff.wait()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        self._kafka = AIOKafkaConsumer(
            **kafka.options(self._settings),
            group_id=self._settings.topic_prefix + self._service,
            group_instance_id=self._settings.kafka_group_instance,
            auto_offset_reset="none",
            enable_auto_commit=False,
            session_timeout_ms=6000,
            heartbeat_interval_ms=2000,
        )
        topics = [self._settings.topic_prefix + topic for topic in self._topics]
        self._kafka.subscribe(topics, listener=self._rebalances)
        self._rebalances.is_seek_due = True
        try:
            await self._kafka.start()
            yield
        finally:
            await self._kafka.stop()

    async def _consume(self) -> None:
        readings = await self._read()
        while True:
            async with asyncio.TaskGroup() as group:
                ahead = group.create_task(self._read())
                try:
                    await self._settle(readings)
                except Fenced:
                    log.get().warning("fenced: another worker went on", service=self._service)
                    self._rebalances.is_seek_due = True
                    ahead.cancel()
                else:
                    group.create_task(self._tell_kafka(readings))
            readings = [] if ahead.cancelled() else ahead.result()

    async def _read(self) -> list[Reading]:
        """The next batch, opened. Nothing is read from a position that did not come from PostgreSQL."""
        while True:
            if self._rebalances.is_seek_due:
                await self._seek()
            try:
                fetched = await self._kafka.getmany(timeout_ms=1000, max_records=self._max_records)
            except (NoOffsetForPartitionError, OffsetOutOfRangeError) as error:
                if isinstance(error, OffsetOutOfRangeError) and not self._rebalances.is_seek_due:
                    await self._stop("out_of_range", self._place(next(iter(error.args[0]))))
                self._rebalances.is_seek_due = True
                continue
            if fetched and not self._rebalances.is_seek_due:
                return await self._open([self._record(one) for records in fetched.values() for one in records])

    async def _seek(self) -> None:
        """First of all, and after each rebalance: aiokafka alone would go on from what Kafka was told."""
        backoff = Backoff()
        while self._rebalances.is_seek_due:
            self._rebalances.is_seek_due = False
            held = {self._place(partition): partition for partition in self._kafka.assignment()}
            try:
                positions = await self._stored(held)
            except Exception as error:
                if not is_part_at_fault(error):
                    raise
                log.get().warning("waits for the stored position", **log.described(error))
                self._rebalances.is_seek_due = True
                await backoff.wait()
                continue
            if not self._rebalances.is_seek_due:
                self._positions = positions
                for place, offset in positions.items():
                    self._kafka.seek(held[place], offset)

    async def _stored(self, held: dict[Partition, TopicPartition]) -> dict[Partition, int]:
        async with self._sessions.begin() as session:
            stored = await offsets.stored(session, held)
            self._failures.expect(await offsets.stopped(session))
        new = [place for place in held if place not in stored]
        if not new:
            return stored
        starts = await self._kafka.beginning_offsets([held[place] for place in new])
        async with self._sessions.begin() as session:
            await offsets.begin(session, {place: starts[held[place]] for place in new})
            return await offsets.stored(session, held)

    async def _open(self, records: Sequence[Record]) -> list[Reading]:
        await self._check_whole(records)
        readings: list[Reading] = []
        for number, record in enumerate(records, start=1):
            readings.append(await self._opened(record))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return readings

    async def _check_whole(self, records: Iterable[Record]) -> None:
        """These logs have no holes: a jump means that records are gone, and a person must know."""
        for record in records:
            if record.offset != self._positions[record.place]:
                await self._stop("gap", record.place)
            self._positions[record.place] = record.offset + 1

    async def _opened(self, record: Record) -> Reading:
        backoff = Backoff()
        while True:
            try:
                return self._opener(record)
            except UnknownEventType:
                return Refused(record, "unknown_type")
            except MalformedEvent as error:
                return Refused(record, "malformed", error.pointer)
            except SetAside as error:
                return Refused(record, error.reason, error.pointer)
            except PartAtFault as error:
                log.get().warning("a record waits for a part", **log.described(error))
                await backoff.wait()
            except Exception as error:
                await self._count_failure(error, record)
                return Refused(record, code(error))

    async def _settle(self, readings: Sequence[Reading]) -> None:
        """Halves what fails until the record at fault stands alone; its neighbours are done."""
        if not readings:
            return
        try:
            await self._transact(readings)
        except Fenced:
            raise
        except Exception as error:
            if len(readings) == 1:
                return await self._settle_alone(readings[0], error)
            log.get().info("batch failed, halved", records=len(readings), **log.described(error))
            half = len(readings) // 2
            await self._settle(readings[:half])
            await self._settle(readings[half:])

    async def _settle_alone(self, reading: Reading, error: Exception) -> None:
        backoff = Backoff(0.02)
        for _ in range(TRIES_ALONE - 1):
            if isinstance(error, SetAside):
                break
            await backoff.wait()
            try:
                return await self._transact([reading])
            except Fenced:
                raise
            except Exception as again:
                error = again
        if not isinstance(error, SetAside):
            await self._count_failure(error, reading.record)
        log.get().error("record set aside", reason=code(error), offset=reading.record.offset, **log.described(error))
        await self._transact([refused(reading, error)])

    async def _transact(self, readings: Sequence[Reading]) -> None:
        """Tried again for ever while a part is at fault."""
        backoff = Backoff()
        while True:
            try:
                async with self._sessions.begin() as session:
                    outcomes = await batches.settle(readings, session, handler=self._handler, letters=self._letters)
            except Exception as error:
                if not is_part_at_fault(error) and await self._is_database_there():
                    raise
                log.get().warning("batch waits for a part", records=len(readings), **log.described(error))
                await backoff.wait()
            else:
                return self._note(readings, outcomes)

    async def _is_database_there(self) -> bool:
        try:
            async with self._sessions() as session:
                return bool(await session.scalar(text("SELECT 1")))
        except Exception as error:
            if not is_part_at_fault(error):
                raise
            return False

    def _note(self, readings: Sequence[Reading], outcomes: Sequence[Outcome]) -> None:
        self._failures.passed(sum(outcome.kind is not OutcomeKind.SET_ASIDE for outcome in outcomes))

    async def _count_failure(self, error: Exception, record: Record) -> None:
        if self._failures.failed(code(error)):
            await self._stop(code(error), record.place)

    async def _stop(self, reason: str, place: Partition) -> None:
        log.get().critical("consumer stopped", service=self._service, reason=reason, topic=place[0], partition=place[1])
        async with self._sessions.begin() as session:
            await offsets.stop(session, place, reason)
        raise ConsumerStopped(reason)

    async def _tell_kafka(self, readings: Sequence[Reading]) -> None:
        """For lag tools only; never read back."""
        nexts = offsets.nexts(readings)
        told = {
            TopicPartition(self._settings.topic_prefix + topic, number): next for (topic, number), next in nexts.items()
        }
        try:
            async with asyncio.timeout(1):
                await self._kafka.commit(told)
        except (TimeoutError, CommitFailedError, IllegalStateError, KafkaError):
            log.get().debug("Kafka was not told the position", service=self._service)

    def _record(self, record: ConsumerRecord[bytes, bytes]) -> Record:
        return Record(
            record.topic.removeprefix(self._settings.topic_prefix),
            record.partition,
            record.offset,
            record.timestamp,
            record.key or b"",
            record.value or b"",
            tuple(record.headers),
        )

    def _place(self, partition: TopicPartition) -> Partition:
        return partition.topic.removeprefix(self._settings.topic_prefix), partition.partition


class Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]
    """Only says that the positions are to be read anew: an error in here would be logged and reading go on from 0."""

    def __init__(self) -> None:
        self.is_seek_due = True

    def on_partitions_revoked(self, revoked: object) -> None:
        self.is_seek_due = True

    def on_partitions_assigned(self, assigned: object) -> None:
        self.is_seek_due = True


class Failures:
    """The last 200 records. More than half failed for one and the same reason: that is a bad release, not bad records."""

    def __init__(self) -> None:
        self._last: deque[str | None] = deque(maxlen=WINDOW)

    def expect(self, reasons: Iterable[str]) -> None:
        """A stopped consumer that is started again stops at its first such failure, and pours nothing away meanwhile."""
        for reason in reasons:
            self._last.extend([reason] * (WINDOW // 2))

    def passed(self, count: int) -> None:
        self._last.extend([None] * min(count, WINDOW))

    def failed(self, reason: str) -> bool:
        self._last.append(reason)
        return self._last.count(reason) > WINDOW // 2


def refused(reading: Reading, error: Exception) -> Refused:
    event_id = reading.event.id if isinstance(reading, Received) else None
    if isinstance(error, SetAside):
        return Refused(reading.record, error.reason, error.pointer, event_id)
    return Refused(reading.record, code(error), event_id=event_id)


def code(error: Exception) -> str:
    """A reason without the error's text, which may quote what it was handling."""
    if isinstance(error, SetAside):
        return error.reason
    said = log.described(error)
    return ":".join(("failed", *(str(said[name]) for name in ("error", "sqlstate", "constraint") if name in said)))


__all__ = [
    "Consumer", "ConsumerStopped", "Handler", "Opener", "Outcome", "PartAtFault", "Received", "Record", "SetAside",
]  # fmt: skip

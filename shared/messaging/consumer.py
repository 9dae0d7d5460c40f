"""Consumes topics. Each record takes effect exactly once, or becomes a dead letter with a reason."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared import log
from shared.config import Settings
from shared.crypto.seal import Sealer
from shared.events import HouseholdReported, MalformedEvent, UnknownEventType, header
from shared.events.vocabulary import OutcomeKind
from shared.failures import (
    Backoff,
    ConsumerStopped,
    DependencyUnavailable,
    SetAside,
    is_dependency_unavailable,
    retry_while_unavailable,
)
from shared.messaging import batches, kafka, metrics, offsets
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.failure_limits import Failures, code, refused
from shared.messaging.handlers import HandlerMissing, Handlers
from shared.messaging.offsets import Fenced
from shared.messaging.records import Check, Opener, Outcome, Reading, Received, Record, UnreadableRecord, open_plain
from shared.messaging.signatures import RecordVerifier
from shared.messaging.stream import RecordStream
from shared.messaging.traces import Processing
from shared.postgres import database, schemas

TRIES_ALONE = 3
SEALED = HouseholdReported.topic


class Consumer:
    """Reads the topics of `handlers`.

    `group` is the consumer group, by default the name of the service. After a small batch, the consumer pauses. The
    records that arrive during the pause share a transaction and a request to the broker. At the current rate, about
    `enough` records arrive during the pause. A pause takes at most `every_ms`. By default, `enough` is half of
    `max_records`.
    """

    def __init__(
        self,
        service: str,
        handlers: Handlers,
        *,
        settings: Settings,
        sessions: async_sessionmaker[AsyncSession],
        opener: Opener = open_plain,
        max_records: int = 500,
        sealer: Sealer | None = None,
        check: Check | None = None,
        group: str | None = None,
        every_ms: int = 0,
        enough: int | None = None,
    ) -> None:
        if SEALED in handlers.topics and sealer is None:
            raise ValueError("a consumer of sealed reports needs a sealer for its dead letters")
        self.topics = handlers.topics
        self._service = service
        self._group = group or service
        self._handlers = handlers
        self._opener = opener
        self._verifier = RecordVerifier(settings)
        self._check = check
        self._sessions = sessions
        self._letters = DeadLetters(service, sealer)
        self._failures = Failures(service, sessions)
        self._stream = RecordStream(
            self.topics,
            group=self._group,
            open=self.open,
            max_records=max_records,
            every_ms=every_ms,
            enough=enough,
            settings=settings,
            sessions=sessions,
            failures=self._failures,
        )

    async def run(self) -> None:
        """Consume until cancelled. Raises HandlerMissing or ConsumerStopped. Log and ledger contain the reason."""
        self._require_handlers()
        await retry_while_unavailable(self._hold_to_contract)
        backoff = Backoff()
        while True:
            try:
                async with self._stream.connected():
                    backoff.reset()
                    await self._consume()
            except* KafkaError as group:
                log.get().warning("reconnecting at the stored offset", **log.described(group.exceptions[0]))
            await backoff.wait()

    def _require_handlers(self) -> None:
        """Events without a handler would become dead letters."""
        if missing := self._handlers.missing_types:
            log.get().critical("consumer not started: handler missing", consumer=self._service, event_types=missing)
            raise HandlerMissing(*missing)

    async def handle(self, received: Received, session: AsyncSession) -> Outcome:
        """Handle the record of a dead letter, without a change of offsets. The caller commits. Raises Fenced."""
        # An empty fence locks no row. But a new digest key locks the table, and the fence waits until the key is
        # applied.
        await offsets.fence(session, ())
        if self._check is not None:
            await self._check(session)
        [outcome] = await batches.effects([received], session, self._handlers)
        return outcome

    async def _hold_to_contract(self) -> None:
        """With another contract version of the schema, all records would become dead letters."""
        async with self._sessions() as session:
            try:
                await schemas.hold_to_contract(session, self._service)
            except schemas.NotOurs as error:
                log.get().critical(str(error), consumer=self._service)
                raise

    async def _consume(self) -> None:
        ahead: asyncio.Queue[list[Reading]] = asyncio.Queue(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_ahead(ahead))
            group.create_task(self._stream.commit_offsets())
            while True:
                readings = await ahead.get()
                if not self._stream.is_dropped:
                    await self._settle_or_drop(readings)
                ahead.task_done()

    async def _read_ahead(self, ahead: asyncio.Queue[list[Reading]]) -> None:
        """Reads and decodes the next batch while PostgreSQL commits the current batch."""
        with kafka.raise_on_foreign_cancellation():
            while True:
                if self._stream.is_dropped:
                    # The current commit advances the stored offset. Wait for the commit, then seek to the stored
                    # offset.
                    await ahead.join()
                    await self._stream.seek()
                if readings := await self._stream.read():
                    await ahead.put(readings)

    async def _settle_or_drop(self, readings: Sequence[Reading]) -> None:
        """Fenced means that another worker has taken over.

        After Fenced, this worker drops the batch and all batches that it has read ahead.
        """
        try:
            await self._settle(readings)
        except Fenced:
            log.get().warning("fenced: another worker has taken over", consumer=self._service)
            self._stream.drop()
        else:
            self._stream.note(readings)

    async def open(self, record: Record) -> Reading:
        """Return an UnreadableRecord with the reason if the record cannot be verified or decoded."""
        backoff = Backoff()
        while True:
            try:
                self._verifier.verify(record)
                return self._opened(record)
            except UnknownEventType:
                return UnreadableRecord(record, "unknown_type")
            except MalformedEvent as error:
                return UnreadableRecord(record, "malformed", error.pointer)
            except SetAside as error:
                return UnreadableRecord(record, error.reason, error.pointer)
            except DependencyUnavailable as error:
                log.get().warning("record waiting for dependency", **log.described(error))
                await backoff.wait()
            except Exception as error:
                await self._failures.failed(error, record)
                return UnreadableRecord(record, code(error))

    def _opened(self, record: Record) -> Received:
        event_type = header(record.headers, "ce_type")
        if event_type not in self._handlers:
            raise UnknownEventType
        return open_plain(record) if self._handlers.ignores(event_type) else self._opener(record)

    async def _settle(self, readings: Sequence[Reading]) -> None:
        """If a batch fails, commit its two halves separately. Repeated halving isolates the record that fails."""
        try:
            await self._transact(readings)
        except Fenced:
            raise
        except Exception as error:
            if len(readings) == 1:
                await self._settle_alone(readings[0], error)
                return
            log.get().info("batch failed, retrying in halves", records=len(readings), **log.described(error))
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
                await self._transact([reading])
            except Fenced:
                raise
            except Exception as again:
                error = again
            else:
                return
        await self._set_aside(reading, error)

    async def _set_aside(self, reading: Reading, error: Exception) -> None:
        if not isinstance(error, SetAside):
            await self._failures.failed(error, reading.record)
        log.get().error("record set aside", reason=code(error), offset=reading.record.offset, **log.described(error))
        try:
            await self._transact([refused(reading, error)])
        except Fenced:
            raise
        except Exception as again:
            log.get().error("record cannot be set aside", **log.described(again))
            await self._failures.stop("cannot_set_aside", reading.record.topic_partition)

    async def _transact(self, readings: Sequence[Reading]) -> None:
        """Retry for ever while a dependency is unavailable."""
        backoff, is_again = Backoff(), False
        while True:
            try:
                with Processing(self._group, readings):
                    outcomes = await self._commit(readings, is_again=is_again)
            except Exception as error:
                if not is_dependency_unavailable(error) and await database.is_there(self._sessions):
                    raise
                log.get().warning("batch waiting for dependency", records=len(readings), **log.described(error))
                await backoff.wait()
                is_again = True
            else:
                self._note(readings, outcomes)
                return

    async def _commit(self, readings: Sequence[Reading], *, is_again: bool) -> list[Outcome]:
        async with database.committed(self._sessions) as session:
            if is_again:
                await offsets.end_frozen(session)
            return await batches.settle(
                readings, session, handler=self._handlers, letters=self._letters, check=self._check
            )

    def _note(self, readings: Sequence[Reading], outcomes: Sequence[Outcome]) -> None:
        self._failures.passed(sum(outcome.kind is not OutcomeKind.SET_ASIDE for outcome in outcomes))
        metrics.note(self._service, readings, outcomes)
        letters = Counter(
            (reading.record.topic, outcome.reason)
            for reading, outcome in zip(readings, outcomes, strict=True)
            if outcome.kind is OutcomeKind.SET_ASIDE
        )
        for (topic, reason), count in letters.items():
            log.get().error("dead letters written", consumer=self._service, topic=topic, reason=reason, records=count)
        last = {reading.record.topic_partition: reading.record for reading in readings}
        for topic_partition, record in last.items():
            metrics.note_lag(
                self._service, topic_partition, self._stream.behind(record), time.time() - record.timestamp_ms / 1000
            )


__all__ = [
    "Consumer",
    "ConsumerStopped",
    "DependencyUnavailable",
    "Handlers",
    "Opener",
    "Outcome",
    "Received",
    "Record",
    "SetAside",
]

"""Reads the topics once for all listeners of this process. The last 10,000 records stay in memory for reconnects."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console import visibility
from services.console.config import ConsoleSettings
from services.console.hazards.revisions import HazardRevisions
from services.console.queries import hazard_grants
from services.console.stream import vectors
from services.console.stream.frames import Frame, Subject, event, frame_of
from services.console.stream.listeners import Listener
from services.console.stream.vectors import SealedVectors, Vector
from services.console.visibility import TOPICS, StreamVisibility
from shared import log
from shared.events import MalformedEvent, UnknownEventType
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.failures import Backoff, DependencyUnavailable, SetAside, retry_while_unavailable
from shared.messaging import kafka
from shared.messaging.records import Partition, Record
from shared.messaging.signatures import RecordVerifier
from shared.places import Places
from shared.web.connections import framed

KEPT = 10_000
BEAT_SECONDS = 15
PATIENCE_SECONDS = 3.0
BEAT, STALLED = event("beat", {}), event("stalled", {})


class EventStream:
    """The event stream. `every` is the number of seconds between two heartbeats.

    `patience` limits two waits, in seconds: a new listener waits for the first records, and a heartbeat waits for the
    broker's answer.
    """

    def __init__(
        self,
        settings: ConsoleSettings,
        places: Places,
        *,
        kept: int = KEPT,
        patience: float = PATIENCE_SECONDS,
        every: float = BEAT_SECONDS,
    ) -> None:
        self.sealed_positions = SealedVectors(settings.callers_key_file)
        self._settings = settings
        self._places = places
        self._verifier = RecordVerifier(settings)
        self._kept, self._patience, self._every = kept, patience, every
        self._consumer: AIOKafkaConsumer | None = None
        self._frames: deque[Frame] = deque()
        self._floors: dict[Partition, int] = {}
        self._positions: dict[Partition, int] = {}
        self._revisions = HazardRevisions()
        self._listeners: dict[StreamVisibility, set[Listener]] = {}
        self._remembers = asyncio.Event()
        self.is_reading = False

    @asynccontextmanager
    async def listen(self, sight: StreamVisibility, start: Vector | None) -> AsyncIterator[Listener]:
        """Listens from the position `start`, or from now. Raises DependencyUnavailable.

        If the record at `start` is no longer in memory, the listener gets `event: reset` and continues from now.
        """
        await self._first_reading()
        listener = Listener(sight)
        listener.put(b"retry: 1000\n\n")
        if start is not None and not self._holds(sight, start):
            listener.put(self._marked(sight, b"event: reset\ndata: {}\n"))
        elif start is not None:
            listener.waiting.extend(self._replayed(sight, start))
        else:
            listener.put(self._marked(sight))
        self._listeners.setdefault(sight, set()).add(listener)
        try:
            yield listener
        finally:
            group = self._listeners[sight]
            group.discard(listener)
            if not group:
                del self._listeners[sight]

    async def _first_reading(self) -> None:
        """Waits until this process has the latest records in memory.

        Until then, the process cannot tell whether a position is too old, and would send old records as new records.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._remembers.wait()
        except TimeoutError:
            raise DependencyUnavailable("the stream has read nothing yet") from None

    async def run(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            tasks.create_task(retry_while_unavailable(lambda: self._recall(sessions)))
            await kafka.follow(self._settings, self._follow)

    async def _recall(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        async with sessions() as session:
            self._revisions.store(await hazard_grants.restricted(session))

    async def _follow(self, consumer: AIOKafkaConsumer, backoff: Backoff) -> None:
        ends = await self._begin(consumer)
        self._consumer = consumer
        try:
            while True:
                if not self.is_reading and await kafka.reached(consumer, ends):
                    self.is_reading = True
                    self._remembers.set()
                fetched = (await consumer.getmany(timeout_ms=500)).values()
                if fetched:
                    self._tell(
                        kafka.record(record, self._settings.topic_prefix) for records in fetched for record in records
                    )
                    backoff.reset()
        finally:
            self.is_reading, self._consumer = False, None

    async def _begin(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """Seeks to the oldest record to keep. After a reconnect, seeks to the last position.

        Returns the end offsets.
        """
        begins, ends = await kafka.assign_all(consumer, self._settings, TOPICS)
        for partition, end in ends.items():
            topic_partition = (partition.topic.removeprefix(self._settings.topic_prefix), partition.partition)
            back = max(begins[partition], end - self._kept // len(ends))
            self._floors.setdefault(topic_partition, back)
            consumer.seek(partition, self._positions.setdefault(topic_partition, back))
        return ends

    def _tell(self, records: Iterable[Record]) -> None:
        """Sends the records to the listeners. Listeners with equal rights share a chunk."""
        events_by_visibility: dict[StreamVisibility, list[bytes]] = {sight: [] for sight in self._listeners}
        try:
            for record in records:
                frame = self._opened(record)
                self._positions[record.topic_partition] = record.offset + 1
                if frame is not None:
                    self._keep(frame)
                    self._note(frame, events_by_visibility)
        finally:  # after a bad record, the earlier records are still sent, because nobody reads them again
            for sight, events in events_by_visibility.items():
                if events:
                    self._send(sight, b"".join(events))

    def _note(self, frame: Frame, events_by_visibility: dict[StreamVisibility, list[bytes]]) -> None:
        for sight, events in events_by_visibility.items():
            body = self._body(sight, frame)
            if body is not None:
                events.append(self._marked(sight, body))

    def _send(self, sight: StreamVisibility, chunk: bytes) -> None:
        written = framed(chunk)
        for listener in self._listeners[sight]:
            listener.tell(chunk, written)

    def _opened(self, record: Record) -> Frame | None:
        """Decodes a record. Returns None for an invalid record, which the worker stores as a dead letter.

        Raises UnknownRecordKey.
        """
        try:
            self._verifier.verify(record)
            frame = frame_of(record)
            return replace(frame, before=self._revisions.replaced(frame.topic, frame.data))
        except SetAside as error:
            reason = error.reason
        except MalformedEvent:
            reason = "malformed"
        except UnknownEventType:
            reason = "unknown_type"
        topic, partition = record.topic_partition
        log.get().warning("record not streamed", topic=topic, partition=partition, offset=record.offset, reason=reason)
        return None

    def _keep(self, frame: Frame) -> None:
        self._frames.append(frame)
        if len(self._frames) > self._kept:
            oldest = self._frames.popleft()
            self._floors[oldest.topic_partition] = oldest.offset + 1

    def _body(self, sight: StreamVisibility, frame: Frame, *, is_withheld: bool = False) -> bytes | None:
        if frame.topic in sight.hints:
            return frame.hinted
        if frame.topic not in sight.topics:
            return None
        if visibility.sees(sight, frame.topic, frame.data, self._places):
            return None if is_withheld else self._external(frame) if sight.is_external else frame.full
        return frame.removed if self._is_removal(sight, frame) else None

    def _is_removal(self, sight: StreamVisibility, frame: Frame) -> bool:
        """Returns True for a hazard that has left the listeners' grant: the listeners could see the earlier revision.

        The caller has already checked that the listeners may not see this record.
        """
        is_granted = frame.before is not None and frame.topic == RESTRICTED_HAZARDS and sight.is_external
        return is_granted and visibility.sees(sight, frame.topic, frame.before or {}, self._places)

    def _external(self, frame: Frame) -> bytes:
        data = visibility.external(frame.topic, frame.data, self._places)
        if data is frame.data:
            return frame.full
        content = json.loads(frame.full.partition(b"data: ")[2])
        return event(frame.topic, {**content, "data": data})

    def _holds(self, sight: StreamVisibility, start: Vector) -> bool:
        return all(
            start.get(topic_partition, 0) >= floor
            for topic_partition, floor in self._floors.items()
            if topic_partition[0] in sight.all_topics
        )

    def _replayed(self, sight: StreamVisibility, start: Vector) -> Iterator[bytes]:
        """Returns the frames after `start`, each with a position from which the listener can continue."""
        position = {topic_partition: start.get(topic_partition, 0) for topic_partition in self._positions}
        withheld = self._withheld() if sight.is_external else frozenset()
        for frame in self._frames:
            if frame.offset < position[frame.topic_partition]:
                continue
            position[frame.topic_partition] = frame.offset + 1
            body = self._body(sight, frame, is_withheld=frame.subject in withheld)
            if body is not None:
                yield self._marked(sight, body, position)
        yield self._marked(sight)

    def _withheld(self) -> frozenset[Subject]:
        """Returns the subjects of which other systems get no record, because they may not read the newest record.

        An example is a hazard that was Restricted and is Private now.
        """
        newest = {frame.subject: frame for frame in self._frames if "delivery_id" not in frame.data}
        return frozenset(
            subject for subject, frame in newest.items() if not visibility.is_for_others(frame.topic, frame.data)
        )

    def _marked(self, sight: StreamVisibility, body: bytes = b"", position: Vector | None = None) -> bytes:
        """Puts a position before the body, by default the newest. The listener can continue from this position."""
        encoded = self.sealed_positions.encoded if sight.is_external else vectors.encoded
        return b"id: %b\n%b\n" % (encoded(position or self._positions, sight.all_topics).encode(), body)

    async def _beat(self) -> None:
        """Sends heartbeats, which keep connections open and give a recent position to listeners without records.

        If the broker does not answer, pages get another event, and then do not present old data as current.
        """
        while True:
            await asyncio.sleep(self._every)
            is_answered = await self._is_answered()
            for sight in self._listeners:
                # an event too, because the browser hides comments from the page
                self._send(sight, b":\n" + self._marked(sight, BEAT if is_answered or sight.is_external else STALLED))

    async def _is_answered(self) -> bool:
        """Asks the broker: a consumer that waits for the broker raises no error."""
        if self._consumer is None or not self.is_reading:
            return False
        with suppress(KafkaError, ConsumerStoppedError, TimeoutError), kafka.raise_on_foreign_cancellation():
            async with asyncio.timeout(self._patience):
                await self._consumer.end_offsets(list(self._consumer.assignment()))
                return True
        return False

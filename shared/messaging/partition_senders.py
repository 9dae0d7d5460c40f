"""Sends records in batches, one batch at a time for each partition, with one ack for a whole batch.

While one batch is being sent, new records fill the next batch. aiokafka's `send` is not used: `send` creates a future
for each record, which costs more than all other work on the record.
"""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Iterable, Sequence
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.events import Message
from shared.events.topics import record_bytes
from shared.messaging import kafka
from shared.messaging.signatures import RecordSigner

STOP_SECONDS = 3


class PartitionSenders:
    """Chooses a record's partition by the CRC-32 of the record's key, as librdkafka does."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, tasks: asyncio.TaskGroup, signer: RecordSigner) -> None:
        self.producer = producer
        self._signer = signer
        self._prefix = prefix
        self._tasks = tasks
        self._of: dict[str, list[PartitionSender]] = {}

    async def send(self, messages: Sequence[Message]) -> set[Future[None]]:
        """Return the acks of the batches.

        Raises MessageSizeTooLargeError if a message is too large, although earlier messages of the call may still be
        sent.
        """
        for topic in {message.topic for message in messages}:
            await self._reach(topic)
        acks = set()
        for message in messages:
            senders = self._of[message.topic]
            acks.add(senders[crc32(message.key) % len(senders)].add(self._signer.sign(message)))
        return acks

    async def flush(self) -> None:
        """Wait until every batch is acked or has failed, however long the broker is unavailable."""
        for sender in self._all():
            await sender.flush()

    async def stop(self) -> None:
        """Stop within STOP_SECONDS, and drop unsent records.

        The callers still have these records in a spool or an outbox.
        """
        try:
            async with asyncio.timeout(STOP_SECONDS):
                with kafka.raise_on_foreign_cancellation():
                    await self.producer.stop()
        except (TimeoutError, KafkaError):
            await self.producer.client.close()
        for sender in self._all():
            sender.cut()

    async def _reach(self, topic: str) -> None:
        name = self._prefix + topic
        partitions = len(await self.producer.partitions_for(name))
        # Read `_of` after the await, because another task may have added a sender during the await.
        senders = self._of.setdefault(topic, [])
        for partition in range(len(senders), partitions):
            senders.append(PartitionSender(self.producer, name, partition, self._tasks))

    def _all(self) -> Iterable["PartitionSender"]:
        return [sender for senders in self._of.values() for sender in senders]


class PartitionSender:
    """Sends one batch at a time, so that records keep their order."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int, tasks: asyncio.TaskGroup) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._tasks = tasks
        self._waiting: deque[SenderBatch] = deque()
        self._sending: asyncio.Task[None] | None = None

    def add(self, message: Message) -> Future[None]:
        """Return the ack of the batch. Raises MessageSizeTooLargeError."""
        if not self._waiting or not self._waiting[-1].takes(message):
            batch = SenderBatch(self._producer.create_batch())
            batch.takes(message)
            self._waiting.append(batch)
            if self._sending is None:
                self._sending = self._tasks.create_task(self._send())
        return self._waiting[-1].acked

    async def flush(self) -> None:
        if self._sending is not None:
            await asyncio.wait([self._sending])

    def cut(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    async def _send(self) -> None:
        try:
            while self._waiting:
                await self._send_one(self._waiting.popleft())
        finally:
            self._sending = None

    async def _send_one(self, batch: "SenderBatch") -> None:
        try:
            await (await self._producer.send_batch(batch.records, self._topic, partition=self._partition))
        except KafkaError as error:
            batch.acked.set_exception(error)
            # Mark the exception as retrieved. asyncio would otherwise log an error if no caller waits for the ack.
            batch.acked.exception()
        else:
            batch.acked.set_result(None)


class SenderBatch:
    def __init__(self, records: BatchBuilder) -> None:
        self.records = records
        self.acked: Future[None] = asyncio.get_running_loop().create_future()

    def takes(self, message: Message) -> bool:
        """Return False if the batch is full. Raises MessageSizeTooLargeError."""
        added = self.records.append(
            timestamp=None, key=message.key or None, value=message.value, headers=list(message.headers)
        )
        if added is not None and added.size > record_bytes(message.topic):
            raise MessageSizeTooLargeError
        return added is not None

"""Publishing: an event is told when the broker has acknowledged it, and not before."""

import asyncio
from asyncio import Future
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared import kafka, log
from shared.config import Settings
from shared.events import Message

BATCH_BYTES = (
    512 * 1024
)  # aiokafka's 16 KiB hold six reports, and a full batch stops every sender; the broker takes 1 MiB
STOP_SECONDS = 3
RETRY_SECONDS = 0.5


class BrokerAway(Exception):
    """No acknowledgement came in time; the copy in the producer may still land later, with the same `event_id`."""


class Publisher:
    """Idempotent, `acks=all`, no lingering; a key's partition is its CRC-32, as in librdkafka, and cheap to tell.

    Starts without a broker too: until it is there, `publish` raises BrokerAway.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prefix = settings.topic_prefix
        self._producer: AIOKafkaProducer | None = None
        self._starting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        with suppress(KafkaError):
            self._producer = await self._started()
        if self._producer is None:
            self._start_later()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._starting is not None:
            self._starting.cancel()
            with suppress(asyncio.CancelledError):
                await self._starting
        if self._producer is not None:
            await _stop(self._producer)

    async def publish(self, message: Message, *, timeout: float = 2.0) -> None:
        """Returns after the broker's ack; raises BrokerAway when none came within `timeout` seconds."""
        await self.publish_all([message], timeout=timeout)

    async def publish_all(self, messages: Sequence[Message], *, timeout: float = 2.0) -> None:
        """Returns after every ack; of messages with one key, the order given is the order on the log."""
        producer = self._producer
        if producer is None:
            raise BrokerAway
        try:
            async with asyncio.timeout(timeout):
                acks = await self._sent(producer, messages)
                for ack in acks:
                    await ack
        except TimeoutError:
            raise BrokerAway from None
        except MessageSizeTooLargeError:
            raise
        except KafkaError as error:
            self._renew(producer)
            raise BrokerAway from error

    async def is_there(self) -> bool:
        """Whether the broker answers just now."""
        if self._producer is None:
            return False
        try:
            async with asyncio.timeout(1):
                await self._producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError):
            return False
        return True

    async def flush(self) -> None:
        """Waits until nothing sent is without its answer, however long the broker stays away."""
        if self._starting is not None:
            await asyncio.shield(self._starting)
        if self._producer is not None:
            await self._producer.flush()

    async def _sent(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> list[Future[Any]]:
        topics = {message.topic: self._prefix + message.topic for message in messages}
        partitions = {name: len(await producer.partitions_for(topic)) for name, topic in topics.items()}
        return [
            await producer.send(
                topics[message.topic], message.value, key=message.key or None,
                partition=crc32(message.key) % partitions[message.topic], headers=list(message.headers),
            )
            for message in messages
        ]  # fmt: skip

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **kafka.options(self._settings), acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=BATCH_BYTES
        )  # fmt: skip
        try:
            await producer.start()
        except BaseException:
            await _stop(producer)
            raise
        return producer

    def _renew(self, producer: AIOKafkaProducer) -> None:
        """An idempotent producer that met a fatal error never sends again: another takes its place."""
        if self._producer is producer:
            self._producer = None
            self._start_later(producer)

    def _start_later(self, old: AIOKafkaProducer | None = None) -> None:
        self._starting = asyncio.create_task(self._keep_starting(old))

    async def _keep_starting(self, old: AIOKafkaProducer | None) -> None:
        if old is not None:
            await _stop(old)
        while self._producer is None:
            try:
                self._producer = await self._started()
            except KafkaError as error:
                log.get().warning("no broker yet", **log.described(error))
                await asyncio.sleep(RETRY_SECONDS)


async def _stop(producer: AIOKafkaProducer) -> None:
    """It waits for ever for what it could not send; whoever must not lose it holds it in a spool or an outbox."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
    except (TimeoutError, KafkaError):
        await producer.client.close()

"""Publishes events to Kafka. An event counts as published only after the broker's ack."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared import log
from shared.config import Settings
from shared.events import Message
from shared.messaging import kafka
from shared.messaging.partition_senders import PartitionSenders
from shared.messaging.signatures import RecordSigner
from shared.messaging.traces import Sending

BATCH_BYTES = 512 * 1024  # with aiokafka's default of 16 KiB, a batch would contain only six reports
RETRY_SECONDS = 0.5
# The start waits at most this long, because a frozen broker accepts the connection and never answers.
START_SECONDS = 1


class BrokerAway(Exception):
    """No ack came in time.

    The broker may still receive the record later. A retry has the same `event_id`, so readers handle the record once.
    """


class Publisher:
    """An idempotent producer (`acks=all`, no linger).

    Before the producer has reached a broker, `publish` raises BrokerAway.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signer = RecordSigner(settings)
        self._tasks = asyncio.TaskGroup()
        self._senders: PartitionSenders | None = None
        self._starting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._starting = self._tasks.create_task(self._keep_starting(None))
        await asyncio.wait([self._starting], timeout=START_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._starting is not None:
            self._starting.cancel()
        if self._senders is not None:
            await self._senders.stop()
        await self._tasks.__aexit__(None, None, None)

    async def publish(self, message: Message, *, timeout: float = 2.0) -> None:
        """Return after the broker's ack. Raises BrokerAway if there is no ack within `timeout` seconds."""
        await self.publish_all([message], timeout=timeout)

    async def publish_all(self, messages: Sequence[Message], *, timeout: float = 2.0) -> None:
        """Return after all acks. Messages with the same key keep their order."""
        senders = self._senders
        if senders is None:
            raise BrokerAway
        try:
            with Sending(messages) as traced:
                async with asyncio.timeout(timeout):
                    acked, _ = await asyncio.wait(await senders.send(traced))
                for acknowledgement in acked:
                    acknowledgement.result()
        except TimeoutError:
            raise BrokerAway from None
        except MessageSizeTooLargeError:
            raise
        except KafkaError as error:
            self._renew(senders)
            raise BrokerAway from error

    async def is_there(self) -> bool:
        """Waits at most one second."""
        if self._senders is None:
            return False
        try:
            async with asyncio.timeout(1):
                await self._senders.producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError):
            return False
        return True

    async def flush(self) -> None:
        """Wait until every batch is acked or has failed, however long the broker is unavailable."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        if self._senders is not None:
            await self._senders.flush()

    async def _started(self) -> PartitionSenders:
        producer = AIOKafkaProducer(
            **kafka.options(self._settings),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
        )
        senders = PartitionSenders(producer, self._settings.topic_prefix, self._tasks, self._signer)
        try:
            await kafka.start(producer)
        except BaseException:
            await senders.stop()
            raise
        return senders

    def _renew(self, senders: PartitionSenders) -> None:
        """Replaces the producer. An idempotent producer sends nothing more after a fatal error."""
        if self._senders is senders:
            self._senders = None
            self._starting = self._tasks.create_task(self._keep_starting(senders))

    async def _keep_starting(self, old: PartitionSenders | None) -> None:
        if old is not None:
            await old.stop()
        while self._senders is None:
            try:
                self._senders = await self._started()
            except KafkaError as error:
                log.get().warning("no broker yet", **log.described(error))
                await asyncio.sleep(RETRY_SECONDS)

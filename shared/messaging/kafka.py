"""Connects, starts and stops Kafka clients, and reads topic partitions without a consumer group."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.helpers import create_ssl_context

from shared import log
from shared.config import Settings, secret
from shared.failures import Backoff, DependencyUnavailable
from shared.messaging import connections
from shared.messaging.records import Partition, Record

RETRY_SECONDS = 0.5
START_SECONDS = 3  # after the cancellation of its caller, a start may continue for this time
STOP_SECONDS = 10
# The broker answers a fetch when there are records, and at the latest after this time. The value is aiokafka's default.
GROUP_WAIT_MS = 500
# The longest wait of a fetch by a reader without a consumer group. With aiokafka's default of 500, these readers would
# cause half of the work of an idle broker. While a fetch waits, other requests on the connection wait: the next record
# of another partition, or a request for end offsets. A revocation must take effect within 5 s, even after two such
# waits.
FOLLOW_WAIT_MS = 1000
# The background task of aiokafka wakes at this interval, and at each event that concerns a fetch. With aiokafka's
# default of 200, the wake-ups of an idle consumer took as much CPU time as its fetches.
LOOK_MS = 2000

connections.correct()


def options(settings: Settings) -> dict[str, Any]:
    client: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security_protocol,
        "client_id": f"dayar.{settings.service}",
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        client["sasl_mechanism"] = settings.kafka_sasl_mechanism
        client["sasl_plain_username"] = settings.kafka_username
        client["sasl_plain_password"] = secret(settings.kafka_password_file)
    if settings.kafka_security_protocol.endswith("SSL"):
        client["ssl_context"] = create_ssl_context(cafile=settings.kafka_ca_file and str(settings.kafka_ca_file))
    return client


async def start(client: Any) -> None:
    """Start the client.

    A cancelled caller waits up to START_SECONDS for the end of the start, because a cancelled start leaks a connection.
    """
    starting = asyncio.ensure_future(client.start())
    with raise_on_foreign_cancellation():
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.wait([starting], timeout=START_SECONDS)
            starting.cancel()
            raise


async def stop(consumer: Any) -> None:
    """Stops the consumer in a separate task, because aiokafka's fetch task can cancel the task that calls `stop`."""
    stopping = asyncio.ensure_future(consumer.stop())
    await asyncio.wait([stopping], timeout=STOP_SECONDS)
    if not stopping.done() or stopping.cancelled():
        stopping.cancel()
        await consumer._client.close()  # noqa: SLF001 - the step that aiokafka's own stop did not reach
    elif error := stopping.exception():
        log.get().warning("consumer failed to stop cleanly", **log.described(error))


@contextmanager
def raise_on_foreign_cancellation() -> Iterator[None]:
    """Raise KafkaConnectionError if aiokafka cancelled its own tasks and leaked the CancelledError.

    A TaskGroup would treat the leaked CancelledError as a cancellation by Dayar, and would end the task silently.
    """
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise KafkaConnectionError("aiokafka ended its own task") from None


async def start_when_there(client: Any) -> None:
    """Retry until the broker answers."""
    while True:
        try:
            await start(client)
        except KafkaConnectionError as error:
            log.get().warning("no broker yet", **log.described(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def partitions(consumer: Any, topic: str) -> set[int]:
    """Wait until the topic exists and is authorised."""
    while True:
        try:
            partitions: set[int] = await consumer._client._wait_on_metadata(topic)  # noqa: SLF001 - the public API asks only by subscribing
        except (TopicAuthorizationFailedError, UnknownTopicOrPartitionError) as error:
            log.get().warning("no such topic yet", topic=topic, **log.described(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return partitions


async def follow(settings: Settings, read: Callable[[AIOKafkaConsumer, Backoff], Awaitable[None]]) -> None:
    """Call `read` with a consumer that has no group, until cancelled.

    After a failure, call `read` again with a new consumer.
    """
    backoff = Backoff()
    while True:
        consumer = AIOKafkaConsumer(
            **options(settings),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=FOLLOW_WAIT_MS,
            consumer_timeout_ms=LOOK_MS,
        )
        try:
            with raise_on_foreign_cancellation():
                await start_when_there(consumer)
                await read(consumer, backoff)
        except (KafkaError, DependencyUnavailable) as error:
            log.get().warning("log is read again", **log.described(error))
        finally:
            await stop(consumer)
        await backoff.wait()


async def assign_all(
    consumer: AIOKafkaConsumer, settings: Settings, topics: Iterable[str]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Return the first and the end offset of each partition."""
    names = [settings.topic_prefix + topic for topic in topics]
    assigned = [TopicPartition(name, number) for name in names for number in sorted(await partitions(consumer, name))]
    # The broker answers the requests of a connection in order. A request after the first fetch would wait for that
    # fetch.
    begins, ends = await consumer.beginning_offsets(assigned), await consumer.end_offsets(assigned)
    consumer.assign(assigned)
    return begins, ends


@asynccontextmanager
async def log_reader(settings: Settings, topics: Iterable[str]) -> AsyncIterator["LogReader"]:
    """The reader joins no consumer group."""
    names = [settings.topic_prefix + topic for topic in topics]
    consumer = AIOKafkaConsumer(*names, **options(settings), auto_offset_reset="none", enable_auto_commit=False)
    try:
        await start(consumer)
        yield LogReader(consumer, settings.topic_prefix)
    finally:
        await stop(consumer)


class LogReader:
    def __init__(self, consumer: Any, prefix: str) -> None:
        self._consumer = consumer
        self._prefix = prefix
        self._partitions = {
            (partition.topic.removeprefix(prefix), partition.partition): partition
            for partition in consumer.assignment()
        }

    async def ends(self) -> dict[Partition, int]:
        """The offset after the last record of each partition."""
        ends = await self._consumer.end_offsets(list(self._partitions.values()))
        return {topic_partition: ends[partition] for topic_partition, partition in self._partitions.items()}

    async def records(self) -> AsyncIterator[Record]:
        """Within a partition, the records are in the order of their offsets."""
        partitions = {partition: topic_partition for topic_partition, partition in self._partitions.items()}
        await self._consumer.seek_to_beginning(*partitions)
        ends = await self._consumer.end_offsets(list(partitions))
        while not await reached(self._consumer, ends):
            fetched = await self._consumer.getmany(*partitions, timeout_ms=1000)
            for records in fetched.values():
                for fetched_record in records:
                    yield record(fetched_record, self._prefix)

    async def written_at(self, positions: Mapping[Partition, int]) -> dict[Partition, datetime]:
        """Returns the time at which each record was written.

        If Kafka has deleted a record, returns the time of the oldest record in the partition.
        """
        partitions = {self._partitions[topic_partition]: topic_partition for topic_partition in positions}
        begins = await self._consumer.beginning_offsets(list(partitions))
        for partition, topic_partition in partitions.items():
            self._consumer.seek(partition, max(positions[topic_partition], begins[partition]))
        times: dict[Partition, datetime] = {}
        while len(times) < len(partitions):
            fetched = await self._consumer.getmany(*partitions, timeout_ms=1000)
            for partition, records in fetched.items():
                times.setdefault(partitions[partition], datetime.fromtimestamp(records[0].timestamp / 1000, UTC))
        return times


def record(fetched: ConsumerRecord[bytes, bytes], prefix: str) -> Record:
    """`prefix` is the installation's topic prefix."""
    return Record(
        fetched.topic.removeprefix(prefix),
        fetched.partition,
        fetched.offset,
        fetched.timestamp,
        fetched.key or b"",
        fetched.value or b"",
        tuple([(name, value or b"") for name, value in fetched.headers]),
    )


async def reached(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return False
    return True

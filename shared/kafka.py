"""How this installation reaches Kafka, and what a topic is called on its broker."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError
from aiokafka.helpers import create_ssl_context

from shared import log
from shared.config import Settings, secret
from shared.readings import Partition

RETRY_SECONDS = 0.5


def options(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client of this service is built with."""
    found: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security_protocol,
        "client_id": f"dayar.{settings.service}",
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        found["sasl_mechanism"] = settings.kafka_sasl_mechanism
        found["sasl_plain_username"] = settings.kafka_username
        found["sasl_plain_password"] = secret(settings.kafka_password_file)
    if settings.kafka_security_protocol.endswith("SSL"):
        found["ssl_context"] = create_ssl_context(cafile=settings.kafka_ca_file and str(settings.kafka_ca_file))
    return found


async def start(client: Any) -> None:
    """Returns when the broker answered, however long it is away."""
    while True:
        try:
            await client.start()
        except KafkaConnectionError as error:
            log.get().warning("no broker yet", **log.described(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def partitions(consumer: Any, topic: str) -> set[int]:
    """Waits for a topic that is not there yet, or not yet allowed."""
    while True:
        try:
            found: set[int] = await consumer._client._wait_on_metadata(topic)
        except (TopicAuthorizationFailedError, UnknownTopicOrPartitionError) as error:
            log.get().warning("no such topic yet", topic=topic, **log.described(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return found


@asynccontextmanager
async def log_reader(settings: Settings) -> AsyncIterator["LogReader"]:
    """A look at the logs themselves, without a group: where they end, and how old a record is."""
    consumer = AIOKafkaConsumer(**options(settings), auto_offset_reset="none", enable_auto_commit=False)
    try:
        await consumer.start()
        yield LogReader(consumer, settings.topic_prefix)
    finally:
        await consumer.stop()


class LogReader:
    def __init__(self, consumer: Any, prefix: str) -> None:
        self._consumer = consumer
        self._prefix = prefix

    async def ends(self, topics: Iterable[str]) -> dict[Partition, int]:
        """The offset after the last record of each partition."""
        await self._consumer._client.force_metadata_update()
        partitions = {
            (topic, number): TopicPartition(self._prefix + topic, number)
            for topic in topics
            for number in await self._consumer._client._wait_on_metadata(self._prefix + topic)
        }
        ends = await self._consumer.end_offsets(list(partitions.values()))
        return {place: ends[partition] for place, partition in partitions.items()}

    async def written_at(self, positions: Mapping[Partition, int]) -> dict[Partition, int]:
        """The timestamps, in milliseconds, of the records that stand at these positions."""
        partitions = {TopicPartition(self._prefix + topic, number): at for (topic, number), at in positions.items()}
        self._consumer.assign(list(partitions))
        for partition, position in partitions.items():
            self._consumer.seek(partition, position)
        found: dict[Partition, int] = {}
        while len(found) < len(positions):
            for partition, records in (await self._consumer.getmany(timeout_ms=1000)).items():
                found.setdefault(
                    (partition.topic.removeprefix(self._prefix), partition.partition), records[0].timestamp
                )
        return found

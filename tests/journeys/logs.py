"""What stands on a topic, as a reader without a group sees it."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import events, kafka
from shared.config import Settings
from shared.events import Event
from tests.installation import Installation


async def events_on(installation: Installation, topic: str) -> list[Event[Any]]:
    """All there are now, each partition in its order; of the topics that console reads."""
    settings = installation.settings(Settings, "console")
    topic = settings.topic_prefix + topic
    consumer = AIOKafkaConsumer(**kafka.options(settings), auto_offset_reset="none", enable_auto_commit=False)
    await consumer.start()
    try:
        numbers = await consumer._client._wait_on_metadata(topic)
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: list[Event[Any]] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [events.decode(record.value, list(record.headers)) for record in records]
        return found
    finally:
        await consumer.stop()

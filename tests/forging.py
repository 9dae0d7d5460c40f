"""Writes records without a valid signature, like an attacker with a broker login but without signing keys."""

from aiokafka import AIOKafkaProducer

from shared.config import Settings
from shared.events import Message
from shared.messaging import kafka
from tests.installation import Installation


async def forge(installation: Installation, service: str, message: Message) -> None:
    options = kafka.options(installation.settings(Settings, service))
    async with AIOKafkaProducer(**options, enable_idempotence=True, acks="all") as producer:
        topic = installation.topic_prefix + message.topic
        await producer.send_and_wait(topic, message.value, key=message.key, headers=list(message.headers))

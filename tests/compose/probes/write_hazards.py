"""Writes a hazard with the registry's login. Only intake may write hazards.

Prints whether Kafka accepted or refused the record.
"""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError

from shared.config import Settings
from shared.messaging import kafka


async def main() -> None:
    settings = Settings().for_service("registry")
    async with AIOKafkaProducer(**kafka.options(settings)) as producer:
        await producer.partitions_for("dayar.households")
        try:
            await producer.send_and_wait("dayar.hazards", b"{}")
        except TopicAuthorizationFailedError:
            print("refused")


if __name__ == "__main__":
    asyncio.run(main())

"""`python -m bench.plain_stream` runs a Starlette app that sends a topic through one queue for each listener."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from shared import lifecycle
from shared.config import Settings
from shared.failures import Backoff
from shared.messaging import kafka

SETTINGS = Settings().for_service("console")
TOPIC = "hazards"
queues: set[asyncio.Queue[bytes]] = set()


async def stream(_: Request) -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="text/event-stream")


async def chunks() -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    queues.add(queue)
    try:
        yield b"retry: 1000\n\n"
        while True:
            yield b"id: 0\nevent: hazards\ndata: %b\n\n" % await queue.get()
    finally:
        queues.discard(queue)


async def read(consumer: AIOKafkaConsumer, _backoff: Backoff) -> None:
    _, ends = await kafka.assign_all(consumer, SETTINGS, [TOPIC])
    for partition, end in ends.items():
        consumer.seek(partition, end)
    while True:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                for queue in queues:
                    queue.put_nowait(record.value)


@asynccontextmanager
async def reading(_: Starlette) -> AsyncIterator[None]:
    async with lifecycle.beside(kafka.follow(SETTINGS, read)):
        yield


if __name__ == "__main__":
    app = Starlette(routes=[Route("/stream", stream)], lifespan=reading)
    lifecycle.run_worker(lambda: lifecycle.serve(app, SETTINGS))

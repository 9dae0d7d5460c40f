"""Tests what happens if a Kafka client is stopped while it starts."""

import asyncio
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer

from shared.config import Settings
from shared.messaging import kafka
from tests.installation import Installation
from tests.waiting import let_turn, wait_for

pytestmark = pytest.mark.anyio

MOMENTS = 25


async def test_an_interrupted_start_leaves_no_connection(tables: Installation) -> None:
    settings = tables.settings(Settings, "console")
    others = connections(settings)
    turns = await turns_of_a_start(settings)
    for moment in range(MOMENTS):
        starting = asyncio.ensure_future(started_and_stopped(settings))
        await let_turn(turns * moment // MOMENTS)
        starting.cancel()
        await asyncio.wait([starting])
        await wait_for(lambda: connections(settings) <= others)


async def test_a_stop_that_ends_cancelled_does_not_cancel_us_and_leaves_no_connection(tables: Installation) -> None:
    """The method `stop` of aiokafka raises CancelledError while a failed fetch waits for its retry."""
    settings = tables.settings(Settings, "console")
    others = connections(settings)
    consumer: Any = AIOKafkaConsumer(**kafka.options(settings))
    await kafka.start(consumer)
    await consumer.topics()
    assert connections(settings) - others
    waiting = asyncio.ensure_future(asyncio.Event().wait())
    consumer._fetcher._pending_tasks.add(waiting)
    await kafka.stop(consumer)
    assert waiting.cancelled()
    await wait_for(lambda: connections(settings) <= others)


async def turns_of_a_start(settings: Settings) -> int:
    whole = asyncio.ensure_future(started_and_stopped(settings))
    turns = 0
    while not whole.done():
        await let_turn(1)
        turns += 1
    return turns


async def started_and_stopped(settings: Settings) -> None:
    consumer: Any = AIOKafkaConsumer(**kafka.options(settings))
    try:
        await kafka.start(consumer)
    finally:
        await kafka.stop(consumer)


def connections(settings: Settings) -> set[Any]:
    """Returns the process's open connections to the broker. Earlier tests may have left some of them open."""
    port = int(settings.kafka_bootstrap.rpartition(":")[2])
    open_connections = psutil.Process().net_connections(kind="tcp")
    return {one.laddr for one in open_connections if one.status == psutil.CONN_ESTABLISHED and one.raddr.port == port}

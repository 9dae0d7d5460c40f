"""Kafka is real. The consumer continues after an error that aiokafka leaks, and commits its offsets to Kafka."""

import asyncio
from asyncio import StreamReader
from typing import Any

import pytest
from aiokafka.client import ConnectionGroup
from aiokafka.consumer.group_coordinator import GroupCoordinator

from tests.shared.trial import Trial, event, hazard
from tests.waiting import let_turn, wait_for

pytestmark = pytest.mark.anyio


async def test_a_client_that_cancels_its_own_wait_does_not_end_the_consumer(trial: Trial) -> None:
    """The client aiokafka may leak its own CancelledError.

    A TaskGroup would treat that as our cancellation, and stop silently.
    """
    consumer = trial.consumer()
    await trial.publish(event(hazard()))
    async with trial.running(consumer):
        assert await trial.drained() == {"recorded": 1}
        (waiting,) = await wait_for(lambda: set(consumer._stream._kafka._fetcher._fetch_waiters))
        waiting.cancel()
        await trial.publish(event(hazard()))
        assert await trial.drained() == {"recorded": 2}


async def test_a_heartbeat_on_a_connection_that_was_just_reset_does_not_end_the_consumer(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a write to a closed connection, uvloop raises RuntimeError.

    Without our correction, aiokafka would not catch this error.
    """
    heartbeat, was_reset = GroupCoordinator._do_heartbeat, asyncio.Event()

    async def reset_before_heartbeat(coordinator: GroupCoordinator) -> Any:
        if was_reset.is_set():
            return await heartbeat(coordinator)
        was_reset.set()
        connections = coordinator._client._conns
        (connection,) = [connections[key] for key in connections if key[1] == ConnectionGroup.COORDINATION]
        reader = connection._reader
        # after a reset, uvloop knows of the closed connection before aiokafka does
        monkeypatch.setattr(reader, "feed_eof", lambda: None)
        connection._writer.transport.abort()
        await let_turn(3)
        try:
            return await heartbeat(coordinator)
        finally:
            StreamReader.feed_eof(reader)

    consumer = trial.consumer()
    await trial.publish(event(hazard()))
    monkeypatch.setattr(GroupCoordinator, "_do_heartbeat", reset_before_heartbeat)
    async with trial.running(consumer):
        assert await trial.drained() == {"recorded": 1}
        await asyncio.wait_for(was_reset.wait(), 30)
        await trial.publish(event(hazard()))
        assert await trial.drained() == {"recorded": 2}


async def test_kafka_knows_the_last_settled_offsets_for_lag_tools(trial: Trial) -> None:
    consumer = trial.consumer()
    async with trial.running(consumer):
        for _ in range(3):  # only after several batches, the consumer commits offsets to Kafka
            await trial.publish(event(hazard()))
            await trial.drained()

        async def committed() -> int:
            client = consumer._stream._kafka
            return sum([await client.committed(partition) or 0 for partition in client.assignment()])

        async def are_committed() -> bool:
            return await committed() == 3

        await wait_for(are_committed, 30, 0.1)

"""A consumer with real Kafka continues after aiokafka leaks an error, and commits its offsets to Kafka."""

import pytest

from tests.shared.trial import Trial, event, hazard
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_a_client_that_cancels_its_own_wait_does_not_end_the_consumer(trial: Trial) -> None:
    """If aiokafka's CancelledError leaked, a TaskGroup would treat it as our cancellation and stop silently."""
    consumer = trial.consumer()
    await trial.publish(event(hazard()))
    async with trial.running(consumer):
        assert await trial.drained() == {"recorded": 1}
        (waiting,) = await wait_for(lambda: set(consumer._stream._kafka._fetcher._fetch_waiters))
        waiting.cancel()
        await trial.publish(event(hazard()))
        assert await trial.drained() == {"recorded": 2}


async def test_kafka_knows_the_last_settled_offsets_for_lag_tools(trial: Trial) -> None:
    consumer = trial.consumer()
    async with trial.running(consumer):
        for _ in range(3):  # the consumer commits offsets to Kafka only after several batches
            await trial.publish(event(hazard()))
            await trial.drained()

        async def committed() -> int:
            client = consumer._stream._kafka
            return sum([await client.committed(partition) or 0 for partition in client.assignment()])

        async def are_committed() -> bool:
            return await committed() == 3

        await wait_for(are_committed, 30, 0.1)

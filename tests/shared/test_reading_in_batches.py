"""Records that come shortly after each other are handled in one batch.

A single record is handled at once.
"""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.consumer import Outcome, Received
from shared.messaging.records import Reading
from tests.shared.trial import Trial, event, hazard, record
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_records_that_follow_each_other_closely_share_a_transaction(trial: Trial) -> None:
    sizes: list[int] = []

    async def measured(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        sizes.append(len(received))
        return await record(received, session)

    async with trial.running(trial.consumer(measured, every_ms=4000)):
        await trial.publish(event(hazard()))
        await wait_for(lambda: sizes)  # from here, the records wait four seconds, so no slow step may follow
        for _ in range(3):
            await trial.publish(event(hazard()))
        await trial.drained()
    assert sizes == [1, 3], "the first record waited for nothing, the others for each other"


@pytest.mark.parametrize("before", [0, 2], ids=["an empty fetch", "a large batch"])
async def test_a_single_record_does_not_wait_after(trial: Trial, before: int) -> None:
    """`every_ms` is ten minutes. If the record waited that long, the test would time out."""
    stream = trial.consumer(every_ms=600_000, max_records=4)._stream

    async def read() -> list[Reading]:
        if stream.is_dropped:
            await stream.seek()
        return await stream.read()

    same_key = uuid4()
    if before:
        await trial.publish(*(event(hazard(same_key)) for _ in range(before)))
    async with asyncio.timeout(180), stream.connected():
        assert len(await wait_for(read) if before else await read()) == before
        await trial.publish(event(hazard()))
        assert len(await wait_for(read, 60)) == 1


async def test_the_consumer_waits_only_as_long_as_enough_records_need_at_the_current_rate(trial: Trial) -> None:
    """`every_ms` is ten minutes. If the second record waited that long, the test would time out."""
    stream = trial.consumer(every_ms=600_000, enough=2)._stream

    async def read() -> list[Reading]:
        if stream.is_dropped:
            await stream.seek()
        return await stream.read()

    async with asyncio.timeout(180), stream.connected():
        for _ in range(2):
            await trial.publish(event(hazard()))
            assert len(await wait_for(read, 60)) == 1

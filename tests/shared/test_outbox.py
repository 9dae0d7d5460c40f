"""With real servers, the outbox publishes events after the commit.

The outbox publishes each event at least once, and in order for each key.
"""

import asyncio
from collections import defaultdict
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from sqlalchemy import text

from shared.config import Settings
from shared.events import Message, ReportSettled, derived_id, message
from shared.events.vocabulary import OutcomeKind, ReportKind, Status
from shared.messaging import kafka, outbox
from shared.postgres import bulk_copy, database
from tests.shared.trial import SERVICE, Trial, event, hazard
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


def settled(report_id: UUID, version: int) -> Message:
    data = ReportSettled(
        report_id=report_id,
        version=version,
        status=Status.ACTUAL,
        kind=ReportKind.HAZARD,
        consumer=SERVICE,
        outcome=OutcomeKind.RECORDED,
    )
    return message(data, id=derived_id(report_id, version), source="/alerts", time=hazard().received_at)


async def published(trial: Trial, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    reader = AIOKafkaConsumer(
        **kafka.options(trial.installation.settings(Settings, "console")), auto_offset_reset="earliest"
    )
    await reader.start()
    try:
        reader.assign(
            [
                TopicPartition(f"{trial.installation.topic_prefix}outcomes", number)
                for number in range(trial.installation.partitions)
            ]
        )
        records: list[ConsumerRecord[bytes, bytes]] = []
        async with asyncio.timeout(120):
            while len(records) < count:
                for some in (await reader.getmany(timeout_ms=500)).values():
                    records.extend(some)
        return records
    finally:
        await reader.stop()


async def test_two_relays_keep_the_order_of_each_key(trial: Trial) -> None:
    keys = [uuid4() for _ in range(7)]
    async with asyncio.TaskGroup() as group:
        relays = [group.create_task(outbox.Relay(trial.settings, trial.engine).run()) for _ in range(2)]
        for version in range(1, 301):
            async with trial.sessions.begin() as session:
                await outbox.add(session, *(settled(key, version) for key in keys))
        records = await published(trial, 2100)
        for relay in relays:
            relay.cancel()
    versions = defaultdict(list)
    for record in records:
        body = ReportSettled.model_validate_json(record.value)
        versions[body.report_id].append(body.version)
    assert versions == {key: list(range(1, 301)) for key in keys}


async def test_nothing_is_published_from_a_transaction_that_was_rolled_back(trial: Trial) -> None:
    async with trial.sessions() as session:
        await outbox.add(session, settled(uuid4(), 1))
        await session.rollback()
    kept = settled(uuid4(), 1)
    kept = kept._replace(headers=(*kept.headers, ("any", bytes(range(256))), ("ky", "Ө".encode()), ("none", b"")))
    async with trial.sessions.begin() as session:
        await bulk_copy.write(await database.driver(session), [outbox.copied([kept])])
    async with asyncio.TaskGroup() as group:
        relay = group.create_task(outbox.Relay(trial.settings, trial.engine).run())
        (record,) = await published(trial, 1)
        await wait_for(lambda: is_empty(trial))
        relay.cancel()
    assert (record.value, record.key, tuple(record.headers[:-1])) == (kept.value, kept.key, kept.headers)


async def test_an_event_published_again_after_a_lost_answer_has_its_effect_once(trial: Trial) -> None:
    """The relay may be killed after the broker's acknowledgement and before its own commit.

    After a restart, the relay publishes the event again.
    """
    repeated = event(hazard())
    await trial.publish(repeated)
    async with trial.running(trial.consumer()):
        await trial.publish(repeated)
        assert await trial.drained() == {"recorded": 1, "repeat": 1}


async def test_a_relay_is_woken_by_the_commit(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "IDLE_SECONDS", 600)
    async with asyncio.TaskGroup() as group:
        relay = group.create_task(outbox.Relay(trial.settings, trial.engine).run())
        for _ in range(3):
            async with trial.sessions.begin() as session:
                await outbox.add(session, settled(uuid4(), 1))
            await wait_for(lambda: is_empty(trial))
        relay.cancel()


async def is_empty(trial: Trial) -> bool:
    async with trial.sessions() as session:
        return not await session.scalar(text("SELECT count(*) FROM outbox"))

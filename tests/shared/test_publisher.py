"""A real broker gets many records at once, and in order. If a record is refused, the other records are published."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from shared.config import Settings
from shared.events import HazardReported, Message
from shared.events.topics import DEAD_LETTER_BYTES, RECORD_BYTES, TOPICS
from shared.messaging.publisher import BATCH_BYTES, Publisher
from tests.installation import Installation
from tests.journeys.count import everything
from tests.publishing import publishing
from tests.shared.trial import event, hazard

pytestmark = pytest.mark.anyio


@pytest.fixture
async def publisher(trial_installation: Installation) -> AsyncIterator[Publisher]:
    async with publishing(trial_installation.settings(Settings, "intake")) as publisher:
        yield publisher


def heavy(size: int) -> Message:
    """Returns a message whose value has `size` bytes. The value need not be an event: Kafka stores any value."""
    return event(hazard())._replace(value=b"x" * size)


async def test_each_key_keeps_its_order_on_the_log_however_many_send(
    trial_installation: Installation, publisher: Publisher
) -> None:
    keys = [uuid4() for _ in range(9)]
    rounds = [[event(hazard(key, magnitude=number / 20)) for key in keys] for number in range(200)]
    async with asyncio.TaskGroup() as group:
        for messages in rounds:
            group.create_task(publisher.publish_all(messages, timeout=30))
    values = defaultdict(list)
    for record in await everything(trial_installation, "hazards"):
        data = HazardReported.model_validate_json(record.value)
        values[data.hazard_id].append(data.magnitude)
    assert values == {key: [number / 20 for number in range(200)] for key in keys}


async def test_a_record_that_does_not_fit_goes_into_the_next_batch(
    trial_installation: Installation, publisher: Publisher
) -> None:
    messages = [heavy(BATCH_BYTES // 3) for _ in range(40)]
    await publisher.publish_all(messages, timeout=30)
    assert sorted(record.key for record in await everything(trial_installation, "hazards")) == sorted(
        message.key for message in messages
    )


async def test_only_a_record_that_is_too_big_for_the_broker_is_refused(
    trial_installation: Installation, publisher: Publisher
) -> None:
    fits, beyond, others = heavy(RECORD_BYTES - 1_000), heavy(RECORD_BYTES + 1), [event(hazard()) for _ in range(20)]
    async with asyncio.TaskGroup() as group:
        group.create_task(publisher.publish_all(others, timeout=30))
        group.create_task(publisher.publish(fits, timeout=30))
        with pytest.raises(MessageSizeTooLargeError):
            await publisher.publish(beyond, timeout=30)
    assert {record.key for record in await everything(trial_installation, "hazards")} == {
        message.key for message in (fits, *others)
    }


async def test_a_dead_letter_may_be_twice_as_big(trial_installation: Installation) -> None:
    letter = heavy(DEAD_LETTER_BYTES - 1_000)._replace(topic=TOPICS["hazards"].dead("alerts"))
    async with publishing(trial_installation.settings(Settings, "alerts")) as publisher:
        await publisher.publish(letter, timeout=30)
    (record,) = await everything(trial_installation, letter.topic, "alerts")
    assert record.value == letter.value


async def test_a_sender_that_stops_waiting_does_not_take_anothers_acknowledgement(
    trial_installation: Installation, publisher: Publisher
) -> None:
    key = uuid4()
    before, first, second = (event(hazard(key, magnitude=number)) for number in range(3))
    await publisher.publish(before, timeout=30)
    hurried = asyncio.create_task(publisher.publish(first, timeout=30))
    patient = asyncio.create_task(publisher.publish(second, timeout=30))
    await asyncio.sleep(0)  # after one iteration of the event loop, one batch has both messages
    hurried.cancel()
    await patient
    assert [record.value for record in await everything(trial_installation, "hazards")] == [
        message.value for message in (before, first, second)
    ]

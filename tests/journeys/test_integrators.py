"""The consumers in docs/integrators.md run unchanged. The account of these consumers may only read."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from deploy.provision import acls, logins
from shared import events
from shared.auth.tokens import Role
from shared.config import Settings, secret
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, SubmissionChannel
from tests.installation import Installation
from tests.intake.conftest import HAZARDS, opened
from tests.intake.factories import hazard as reported
from tests.journeys.count import everything
from tests.publishing import publishing

DOCUMENT = Path(__file__).parents[2] / "docs" / "integrators.md"
FROM_START, FROM_TIME = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def settings(installation: Installation) -> str:
    password = secret(installation.secrets / "kafka-integrator") or ""
    login = installation.ground.kafka_logins[acls.INTEGRATOR]
    return logins.reader_settings(installation.components.broker.bootstrap, login, password)


def test_the_consumer_has_ten_lines() -> None:
    assert len(FROM_START.splitlines()) == 10


def hazard() -> HazardReported:
    now = datetime.now(UTC)
    return HazardReported.model_validate(
        {
            "report_id": uuid4(),
            "hazard_id": uuid4(),
            "source": "cmc",
            "source_id": "1",
            "type": HazardType.MUDFLOW,
            "area": {"pcodes": ["KG05258000000"]},
            "onset": now,
            "reported_at": now,
            "received_at": now,
            "author": uuid4(),
            "channel": SubmissionChannel.API,
        }
    )


async def publish(installation: Installation, *hazards: HazardReported) -> None:
    """Publishes each event twice: a publisher does so if the broker's first answer is lost."""
    async with publishing(installation.settings(Settings, "intake")) as publisher:
        for hazard in hazards:
            message = events.message(hazard, id=uuid4(), source="/intake", time=hazard.received_at)
            await publisher.publish_all([message, message], timeout=30)


@contextmanager
def running(code: str, installation: Installation, *arguments: str) -> Iterator[Iterator[UUID]]:
    file = installation.secrets / "integrator.json"
    file.write_text(settings(installation))
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(file), f"{installation.topic_prefix}hazards", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield (UUID(re.findall(r"'hazard_id': '([0-9a-f-]{36})'", line)[0]) for line in process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_a_consumer_starts_at_the_beginning_drops_repeats_and_resumes(installation: Installation) -> None:
    early, late = [hazard() for _ in range(3)], [hazard() for _ in range(2)]
    await publish(installation, *early)
    with running(FROM_START, installation) as printed:
        assert {next(printed) for _ in early} == {one.hazard_id for one in early}
        await publish(installation, late[0])
        # a repeat of an earlier hazard would be printed before this hazard
        assert next(printed) == late[0].hazard_id
    with running(FROM_START, installation) as printed:
        await publish(installation, late[1])
        resumed = set(iter(lambda: next(printed), late[1].hazard_id))
    # the second run may print the first run's last hazard once more, but no other hazard
    assert resumed.isdisjoint({one.hazard_id for one in early})


async def test_a_consumer_starts_from_a_time(installation: Installation) -> None:
    await publish(installation, hazard())
    since = datetime.now(UTC)
    later = hazard()
    await publish(installation, later)
    with running(FROM_TIME, installation, since.isoformat()) as printed:
        assert next(printed) == later.hazard_id


@pytest.mark.parametrize("topic", ["hazards-restricted", "displacements", "households", "alerts", "outcomes", "access"])
def test_the_account_reads_only_public_hazards(topic: str, shared_installation: Installation) -> None:
    """Kafka does not describe the topic to the account. The account can therefore not read the topic."""
    name = shared_installation.topic_prefix + topic
    seen = Consumer(login(shared_installation) | {"group.id": "integrator.test"}).list_topics(name, timeout=20)
    assert seen.topics[name].error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


async def test_an_operators_event_never_reaches_the_account(shared_installation: Installation) -> None:
    """An operator's event must not reach the account, even if the event says that it is Public.

    The account gets another system's event: the account can read the topic.
    """
    entered, announced = (reported(scope="Public", source=source) for source in ("cmc", "hydromet"))
    async with opened(shared_installation) as intake:
        operator = intake.caller(Role.OPERATOR, channel=SubmissionChannel.CONSOLE)
        system = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, sources=["hydromet"])
        assert (await operator.post(HAZARDS, entered)).status_code == 202
        assert (await system.post(HAZARDS, announced)).status_code == 202
    read = {record["report_id"] for record in readable(shared_installation, "hazards")}
    assert (announced["report_id"] in read, entered["report_id"] in read) == (True, False)
    kept = await everything(shared_installation, "hazards-restricted", "alerts")
    assert entered["report_id"] in {json.loads(record.value)["report_id"] for record in kept}
    with pytest.raises(KafkaException) as refused:
        readable(shared_installation, "hazards-restricted")
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def readable(installation: Installation, topic: str) -> list[Any]:
    """Returns all records of the topic that the account can read. Raises KafkaException if Kafka refuses the topic."""
    options = {"group.id": f"integrator.{uuid4()}", "auto.offset.reset": "earliest", "enable.partition.eof": True}
    consumer = Consumer(login(installation) | options)
    consumer.subscribe([installation.topic_prefix + topic])
    records, ended = [], set[int]()
    while len(ended) < installation.partitions:
        if (record := consumer.poll(20)) is None:
            raise TimeoutError
        if record.error() is None:
            records.append(json.loads(record.value()))
        elif record.error().code() == KafkaError._PARTITION_EOF:
            ended.add(record.partition())
        else:
            raise KafkaException(record.error())
    consumer.close()
    return records


def test_the_account_cannot_write(shared_installation: Installation) -> None:
    refused: list[KafkaError | None] = []
    producer = Producer(login(shared_installation))
    producer.produce(
        shared_installation.topic_prefix + "hazards", b"{}", on_delivery=lambda error, _: refused.append(error)
    )
    producer.flush(20)
    assert [error and error.code() for error in refused] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def login(installation: Installation) -> dict[str, str]:
    return {**json.loads(settings(installation)), "log_level": "0"}

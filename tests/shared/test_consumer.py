"""With real Kafka and PostgreSQL, each record takes effect once.

The outcome of a record without an effect states the reason.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from confluent_kafka import KafkaException, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import CredentialKind, CredentialRevoked, HazardReported, Message, message
from shared.events.vocabulary import OutcomeKind
from shared.messaging import batches, offsets
from shared.messaging.consumer import ConsumerStopped, DependencyUnavailable, Outcome, Received, Record, SetAside
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.records import Handler, open_plain
from tests.shared.trial import SERVICE, TOPIC, Trial, event, hazard, record
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def reasons(trial: Trial) -> list[tuple[str, str]]:
    return [
        (str(reason), str(pointer)) for reason, pointer in await trial.fetch("SELECT reason, pointer FROM dead_letters")
    ]


async def test_each_record_has_its_effect_and_is_counted(trial: Trial) -> None:
    sent = [event(hazard()) for _ in range(300)]
    await trial.publish(*sent)
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 300}
    assert set((await trial.effects()).values()) == {1}
    assert len(await trial.effects()) == 300


async def test_a_repeat_has_no_effect(trial: Trial) -> None:
    first, other = event(hazard()), event(hazard())
    await trial.publish(first, first, other)
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 2, "repeat": 1}
        await trial.publish(other)
        assert await trial.drained() == {"recorded": 2, "repeat": 2}
    assert set((await trial.effects()).values()) == {1}


async def test_repeats_are_distinguished_from_new_records_within_a_large_batch(trial: Trial) -> None:
    known, new = [event(hazard()) for _ in range(100)], [event(hazard()) for _ in range(100)]
    await trial.publish(*known)
    async with trial.running(trial.consumer(max_records=2000)):
        await trial.drained()
        await trial.publish(*(message for pair in zip(known, new, strict=True) for message in pair))
        assert await trial.drained() == {"recorded": 200, "repeat": 100}
    assert set((await trial.effects()).values()) == {1}


async def test_the_same_id_with_other_content_is_set_aside(trial: Trial) -> None:
    first = hazard()
    await trial.publish(event(first), event(first.model_copy(update={"magnitude": 7.7})))
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 1, "set_aside": 1}
    assert await reasons(trial) == [("conflict", "")]


async def test_an_unknown_version_is_set_aside(trial: Trial) -> None:
    await trial.publish(with_header(event(hazard()), "ce_type", b"dayar.hazard.reported.v9"), event(hazard()))
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 1, "set_aside": 1}
    assert await reasons(trial) == [("unknown_type", "")]


async def test_an_event_type_of_another_topic_is_unknown(trial: Trial) -> None:
    revoked = CredentialRevoked(credential_id=uuid4(), kind=CredentialKind.ACCOUNT, revoked_at=datetime.now(UTC))
    foreign = message(revoked, id=uuid4(), source="/console", time=revoked.revoked_at)
    await trial.publish(foreign._replace(topic="hazards"), event(hazard()))
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 1, "set_aside": 1}
    assert await reasons(trial) == [("unknown_type", "")]


async def test_a_header_without_a_value_is_an_empty_one(trial: Trial) -> None:
    noted = event(hazard())._replace(headers=(*event(hazard()).headers, ("added_later", b"")))
    await trial.publish(with_header(noted, "added_later", None), with_header(event(hazard()), "ce_type", None))
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 1, "set_aside": 1}
    [(headers,)] = await trial.fetch("SELECT convert_from(headers, 'utf8') FROM outbox WHERE topic LIKE '%.dead'")
    assert ["ce_type", ""] in json.loads(headers)


async def test_malformed_records_are_set_aside_with_a_pointer(trial: Trial) -> None:
    good = event(hazard())
    wrong = hazard().model_dump_json(exclude={"severity"}).replace('"earthquake"', '"sea monster"')
    await trial.publish(
        good._replace(value=b"{"),
        good._replace(value=wrong.encode()),
        good._replace(headers=()),
        good._replace(value=b""),
        good._replace(key=b"", value=b"\xff\x00"),
        good,
    )
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 1, "set_aside": 5}
    assert ("malformed", "/type") in await reasons(trial)


async def test_a_record_that_always_fails_is_set_aside_and_its_neighbours_are_handled(trial: Trial) -> None:
    bad = event(hazard(magnitude=6.66))
    key = bad.key
    await trial.publish(*(event(hazard())._replace(key=key) for _ in range(20)), bad)
    await trial.publish(*(event(hazard())._replace(key=key) for _ in range(20)))
    async with trial.running(trial.consumer(breaks_on_666)):
        assert await trial.drained() == {"recorded": 40, "set_aside": 1}
    assert await reasons(trial) == [("failed:ZeroDivisionError", "")]
    assert len(await trial.effects()) == 40


@pytest.mark.parametrize(("fails", "became"), [(2, "recorded"), (3, "set_aside")])
async def test_a_record_alone_is_tried_three_times(trial: Trial, fails: int, became: str) -> None:
    tries = 0

    async def fails_at_first(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        nonlocal tries
        tries += 1
        if tries <= fails:
            raise KeyError
        return await record(received, session)

    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer(fails_at_first)):
        assert await trial.drained() == {became: 1}
    assert tries == 3


async def test_a_failing_statement_is_set_aside_by_sqlstate_without_its_text(trial: Trial) -> None:
    async def violate(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        await session.execute(text("INSERT INTO effects (event_id, by) VALUES (NULL, 1)"))
        return []

    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer(violate)):
        assert await trial.drained() == {"set_aside": 1}
    assert await reasons(trial) == [("failed:IntegrityError:23502", "")]


async def test_a_handler_may_set_one_record_aside(trial: Trial) -> None:
    async def refuse_666(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        if any(one.event.data.magnitude == 6.66 for one in received):
            raise SetAside("unbelievable", "/magnitude")
        return await record(received, session)

    await trial.publish(*(event(hazard()) for _ in range(10)), event(hazard(magnitude=6.66)))
    async with trial.running(trial.consumer(refuse_666)):
        assert await trial.drained() == {"recorded": 10, "set_aside": 1}
    assert await reasons(trial) == [("unbelievable", "/magnitude")]


async def raises(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    raise SetAside("unbelievable")


async def says_so(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    return [Outcome(OutcomeKind.SET_ASIDE, "unbelievable")] * len(received)


@pytest.mark.parametrize("refusing", [raises, says_so])
async def test_a_redriven_record_has_its_effect_once(trial: Trial, refusing: Handler) -> None:
    """A record that is redriven is unchanged: its key, its value and its headers."""
    repeated = event(hazard())
    await trial.publish(repeated)
    async with trial.running(trial.consumer(refusing)):
        assert await trial.drained() == {"set_aside": 1}
    assert await reasons(trial) == [("unbelievable", "")]
    await trial.publish(repeated)
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"set_aside": 1, "recorded": 1}


async def test_a_handler_that_fails_on_every_record_stops_the_consumer(trial: Trial) -> None:
    async def broken(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        raise KeyError(received[0].event.data.source_id)

    await trial.publish(*(event(hazard()) for _ in range(300)))
    for _ in ("a bad release", "the same release, started again"):
        with pytest.RaisesGroup(ConsumerStopped, flatten_subgroups=True):
            async with trial.running(trial.consumer(broken, max_records=50)):
                await asyncio.Event().wait()
        rows = await trial.rows()
        assert {row.stopped for row in rows if row.stopped} == {"failed:KeyError"}
        assert sum(row.kinds.get("set_aside", 0) for row in rows) == 100
        assert all(row.is_balanced for row in rows)
    async with trial.running(trial.consumer()):
        assert await trial.drained() == {"recorded": 200, "set_aside": 100}
    assert not any(row.stopped for row in await trial.rows())


async def test_a_batch_that_another_worker_has_passed_is_fenced(trial: Trial) -> None:
    letters, readings = DeadLetters(SERVICE, None), [reading(0), reading(1)]
    async with trial.sessions.begin() as session:
        await offsets.begin(session, {(TOPIC, 0): 0})
    async with trial.sessions.begin() as session:
        await batches.settle(readings, session, handler=record, letters=letters)
    for stale in (readings, [reading(1)], [reading(3)]):
        with pytest.raises(offsets.Fenced):
            async with trial.sessions.begin() as session:
                await batches.settle(stale, session, handler=record, letters=letters)
    assert len(await trial.effects()) == 2


async def test_a_record_that_cannot_be_set_aside_stops_the_consumer(trial: Trial) -> None:
    async def broken(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        raise KeyError

    await trial.publish(event(hazard()))
    async with trial.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE dead_letters ADD CONSTRAINT ck_none CHECK (false)"))
    with pytest.RaisesGroup(ConsumerStopped, flatten_subgroups=True):
        async with trial.running(trial.consumer(broken)):
            await asyncio.Event().wait()
    assert {row.stopped for row in await trial.rows() if row.stopped} == {"cannot_set_aside"}


async def test_while_a_dependency_is_unavailable_the_record_waits(trial: Trial) -> None:
    tries = 0

    async def needs_a_dependency(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        nonlocal tries
        tries += 1
        if tries <= 5:
            await record(received, session)
            raise DependencyUnavailable
        return await record(received, session)

    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer(needs_a_dependency)):
        assert await trial.drained() == {"recorded": 1}
    assert tries == 6
    assert set((await trial.effects()).values()) == {1}


async def test_a_record_whose_key_is_missing_waits(trial: Trial) -> None:
    tries = 0

    def opens_at_the_third(record: Record) -> Received:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DependencyUnavailable
        return open_plain(record)

    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer(opener=opens_at_the_third)):
        assert await trial.drained() == {"recorded": 1}


async def test_one_worker_reads_both_topics_of_a_hazard(trial: Trial) -> None:
    """With two workers for the two topics, two revisions of one hazard could be judged at the same time."""
    workers, topics = trial.installation.partitions + 1, HazardReported.topics()

    async def shares() -> list[list[TopicPartition]] | None:
        held = await asyncio.to_thread(assigned, trial)
        is_settled = len(held) == workers and sum(map(len, held)) == len(topics) * trial.installation.partitions
        return held if is_settled else None

    async with trial.running(*(trial.consumer() for _ in range(workers))):
        held = await wait_for(shares, 60)
    for share in held:
        public, restricted = ({one.partition for one in share if one.topic.endswith(topic)} for topic in topics)
        assert public == restricted


def assigned(trial: Trial) -> list[list[TopicPartition]]:
    """Returns the partitions of each member of the consumer group.

    Before the group has a coordinator, the list is empty.
    """
    admin, group = trial.installation.components.broker.admin(), trial.settings.topic_prefix + SERVICE
    try:
        members = admin.describe_consumer_groups([group])[group].result(timeout=30).members
    except KafkaException:
        return []
    return [member.assignment.topic_partitions for member in members]


async def test_missing_records_stop_the_consumer(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    """If Kafka deleted unread records, the consumer stops. A person must decide what to do."""
    repeated = event(hazard())
    await trial.publish(*(event(hazard())._replace(key=repeated.key) for _ in range(10)))
    (topic_partition,) = [(row.topic, row.partition) for row in await trial.rows() if row.end]
    async with trial.sessions.begin() as session:
        await offsets.begin(session, {(TOPIC, number): 0 for number in range(trial.installation.partitions)})
    forget(trial, topic_partition[1], 5)
    with pytest.RaisesGroup(ConsumerStopped, flatten_subgroups=True):
        async with trial.running(trial.consumer()):
            await asyncio.Event().wait()
    assert {row.stopped for row in await trial.rows() if row.partition == topic_partition[1]} == {"out_of_range"}
    [line] = [line for line in capsys.readouterr().out.splitlines() if "consumer stopped" in line]
    assert "first_there=5" in re.sub(
        r"\x1b\[[0-9;]*m", "", line
    )  # a field of the log line, explained in docs/runbook.md
    assert not await trial.effects()


def forget(trial: Trial, partition: int, before: int) -> None:
    admin = trial.installation.components.broker.admin()
    gone = TopicPartition(trial.settings.topic_prefix + TOPIC, partition, before)
    for done in admin.delete_records([gone]).values():
        done.result(30)


def reading(offset: int) -> Received:
    sent = event(hazard())
    return open_plain(Record(TOPIC, 0, offset, 0, sent.key, sent.value, sent.headers))


def with_header(message: Message, name: str, value: bytes | None) -> Message:
    headers = tuple((key, value if key == name else old) for key, old in message.headers)
    return message._replace(headers=headers)  # type: ignore[arg-type]


async def breaks_on_666(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    return await record([one for one in received if 1 / (one.event.data.magnitude != 6.66)], session)

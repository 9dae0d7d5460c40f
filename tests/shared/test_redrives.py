"""`dayar dead` redrives a dead letter: the unchanged record is processed a second time, and takes effect once."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from cli import dead, user
from deploy.backup import dump, log
from deploy.local.process import wait_until
from deploy.provision import broker, topics
from services.intake.config import IntakeSettings
from shared.config import Settings
from shared.crypto.seal import Opener, Sealer
from shared.events import Message, derived_id
from shared.events.vocabulary import OutcomeKind
from shared.messaging import decisions
from shared.messaging.consumer import Consumer, Outcome, Received
from shared.messaging.models import Redrive
from shared.messaging.offsets import Fenced
from shared.messaging.redrives import Redrives
from tests.installation import Installation
from tests.shared.trial import Trial, event, hazard, record
from tests.waiting import wait_for

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_hashes")]

PASSWORD = "rather long words\n" * 2


async def refuses(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    return [Outcome(OutcomeKind.SET_ASIDE, "unbelievable")] * len(received)


async def set_aside(trial: Trial, *messages: Message, **options: Any) -> str:
    await dayar(trial, user.app, "add", "aida", "--role", "administrator")
    await trial.publish(*messages)
    async with trial.running(trial.consumer(refuses, **options)), trial.relaying():
        assert await trial.drained() == {"set_aside": len(messages)}
        await wait_for(trial.nothing_to_relay)
    [(topic, partition, offset)] = await trial.fetch('SELECT topic, partition, "offset" FROM dead_letters')
    return f"alerts/{topic}/{partition}/{offset}"


async def dayar(trial: Trial, app: Any, *words: str) -> Result:
    with patch.dict(os.environ, trial.installation.env()):
        return await asyncio.to_thread(CliRunner().invoke, app, words, input=PASSWORD)


async def redrive(trial: Trial, place: str) -> None:
    told = await dayar(trial, dead.app, "redrive", place, "--by", "aida", "--reason", "the release is mended")
    assert told.exit_code == 0, told.output


@asynccontextmanager
async def redriving(trial: Trial, *consumers: Consumer, keys: Opener | None = None) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        redrives = [Redrives("alerts", [consumer], settings=trial.settings, keys=keys) for consumer in consumers]
        tasks = [group.create_task(each.decisions(trial.engine).run()) for each in redrives]
        yield
        for task in tasks:
            task.cancel()


async def results(trial: Trial) -> list[str] | None:
    rows = await trial.fetch("SELECT result FROM redrives ORDER BY decided_at")
    return [result for (result,) in rows] if rows and all(result for (result,) in rows) else None


async def test_a_dead_letter_has_its_effect_once_even_if_two_workers_redrive_it_twice(trial: Trial) -> None:
    message = event(hazard())
    assert (await dayar(trial, dead.app, "list")).output == "No message failed.\n"
    place = await set_aside(trial, message)
    assert place in (await dayar(trial, dead.app, "list")).output
    await redrive(trial, place)
    await redrive(trial, place)
    async with redriving(trial, trial.consumer(), trial.consumer()):
        assert sorted(await wait_for(lambda: results(trial))) == ["not_found", "recorded"]
    assert list((await trial.effects()).values()) == [1]
    assert await trial.fetch("SELECT * FROM dead_letters") == []
    assert "recorded" in (await dayar(trial, dead.app, "show", place)).output
    assert await trial.drained() == {"set_aside": 1}  # the first processing's outcome stays in the ledger


async def test_dead_letters_are_listed_even_if_the_spool_cannot_be_read(trial: Trial) -> None:
    place = await set_aside(trial, event(hazard()))
    spool = trial.installation.settings(IntakeSettings).spool_folder / "owner"
    spool.mkdir(parents=True)
    (spool / "1.damaged").symlink_to("1.damaged")  # opening a link to itself raises an OSError
    listed = await dayar(trial, dead.app, "list")
    assert isinstance(listed.exception, OSError)
    assert place in listed.output


async def test_the_new_outcome_names_the_one_it_replaces(trial: Trial) -> None:
    replaced: list[str | None] = []

    async def remembers(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        replaced.extend(one.replaces for one in received)
        return await record(received, session)

    place = await set_aside(trial, event(hazard()))
    [(event_id,)] = await trial.fetch("SELECT event_id FROM dead_letters")
    _, _, partition, offset = place.split("/")
    await redrive(trial, place)
    async with redriving(trial, trial.consumer(remembers)):
        await wait_for(lambda: results(trial))
    assert replaced == [str(derived_id("set_aside", "alerts", event_id, partition, offset))]


async def test_a_refused_letter_leaves_the_list_and_its_author_reads_the_reason(trial: Trial) -> None:
    place = await set_aside(trial, event(hazard()))
    [(event_id,)] = await trial.fetch("SELECT event_id FROM dead_letters")
    _, topic, partition, offset = place.split("/")
    letter: dict[str, Any] = {"topic": topic, "partition": int(partition), "offset": int(offset)}
    async with trial.sessions.begin() as session:
        await decisions.write(session, Redrive(**letter, account=uuid4(), reason="mistaken", refusal="practice"))
    async with redriving(trial, trial.consumer()):
        assert await wait_for(lambda: results(trial), 30) == ["rejected"]
    [(topic, value)] = await trial.fetch("SELECT topic, value FROM outbox")
    outcome = json.loads(value)
    replaced = str(derived_id("set_aside", "alerts", event_id, partition, offset))
    assert (topic, outcome["outcome"], outcome["reason"]) == ("outcomes", "rejected", "practice")
    assert outcome["replaces"] == replaced
    assert await trial.fetch("SELECT * FROM dead_letters") == []
    assert await trial.effects() == {}
    assert await trial.drained() == {"set_aside": 1}


async def test_a_record_that_fails_again_stays_a_dead_letter_with_the_reason(trial: Trial) -> None:
    place = await set_aside(trial, event(hazard()))
    await redrive(trial, place)
    async with redriving(trial, trial.consumer(refuses)):
        assert await wait_for(lambda: results(trial)) == ["unbelievable"]
    assert len(await trial.fetch("SELECT * FROM dead_letters")) == 1
    assert "unbelievable" in (await dayar(trial, dead.app, "show", place)).output


async def test_a_record_opened_with_an_older_key_is_opened_again(trial: Trial) -> None:
    fences = [Fenced()]

    async def check(_: AsyncSession) -> None:
        if fences:
            raise fences.pop()

    await redrive(trial, await set_aside(trial, event(hazard())))
    async with redriving(trial, trial.consumer(check=check)):
        assert await wait_for(lambda: results(trial)) == ["recorded"]
    assert fences == []


async def test_a_letter_that_was_sealed_whole_is_redriven(trial: Trial) -> None:
    """A record had a header outside the contract. The dead letter therefore contains the whole record, encrypted."""
    came = event(hazard())
    more = came._replace(headers=(*came.headers, ("note", "Айбек".encode())))
    sealer = Sealer(trial.settings.seal_public_key_file)
    place = await set_aside(trial, more, sealer=sealer)
    handled: list[Received] = []

    async def remembers(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        handled.extend(received)
        return await record(received, session)

    await redrive(trial, place)
    async with redriving(
        trial, trial.consumer(remembers, sealer=sealer), keys=Opener(trial.settings.seal_private_keys)
    ):
        assert await wait_for(lambda: results(trial)) == ["recorded"]
    assert (handled[0].record.key, handled[0].record.value) == (more.key, more.value)
    assert handled[0].record.headers[:-1] == more.headers  # the signature is the last header


async def test_a_record_whose_key_came_too_late_is_redriven(trial: Trial) -> None:
    trial.settings = trial.settings.model_copy(update={"signature_key_wait_seconds": 0})
    held = {file: file.read_bytes() for file in (trial.installation.secrets / "records/alerts/hazards").iterdir()}
    for file in held:
        file.unlink()
    place = await set_aside(trial, event(hazard()))
    assert "signature_unknown_key" in (await dayar(trial, dead.app, "list")).output
    await redrive(trial, place)
    async with redriving(trial, trial.consumer()):
        assert await wait_for(lambda: results(trial)) == ["signature_unknown_key"]
        for file, key in held.items():
            file.write_bytes(key)
        await redrive(trial, place)

        async def has_effect() -> bool:
            return list((await trial.effects()).values()) == [1]

        await wait_for(has_effect)
    assert await trial.fetch("SELECT * FROM dead_letters") == []


@pytest.mark.parametrize("place", ["alerts/hazards/0/7", "alerts/hazards/0", "alerts/nothing/0/0", "x/hazards/0/0"])
async def test_only_a_dead_letter_can_be_redriven(trial: Trial, place: str) -> None:
    await dayar(trial, user.app, "add", "aida", "--role", "administrator")
    told = await dayar(trial, dead.app, "redrive", place, "--by", "aida", "--reason", "why not")
    assert told.exit_code == 1
    assert await trial.fetch("SELECT * FROM redrives") == []


async def test_a_letter_from_a_backup_is_redriven_on_a_new_log(trial: Trial) -> None:
    """Only Kafka stores the content of dead letters.

    A backup must therefore contain all dead letters that wait to be redriven.
    """
    redriven: list[str | None] = []

    async def remembers(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        redriven.extend(one.replaces for one in received)
        return await record(received, session)

    place = await set_aside(trial, event(hazard()))
    [(event_id,)] = await trial.fetch("SELECT event_id FROM dead_letters")
    await asyncio.to_thread(onto_a_new_log, trial.installation)
    [(topic, partition, offset)] = await trial.fetch('SELECT topic, partition, "offset" FROM dead_letters')
    moved = f"alerts/{topic}/{partition}/{offset}"
    assert offset < 0
    await redrive(trial, moved)
    async with redriving(trial, trial.consumer(remembers)):
        assert await wait_for(lambda: results(trial)) == ["recorded"]
    *_, written = place.split("/")
    assert redriven == [str(derived_id("set_aside", "alerts", event_id, partition, int(written)))]


@pytest.mark.parametrize("is_readable", [True, False], ids=["event id", "no event id"])
async def test_letter_that_the_outbox_still_held_at_the_backup_is_redriven(trial: Trial, is_readable: bool) -> None:
    """The restored outbox still has the dead letter.

    After the restore, the relay publishes the dead letter to Kafka's new log.
    """
    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer(refuses)):
        assert await trial.drained() == {"set_aside": 1}
    await asyncio.to_thread(partial(onto_a_new_log, trial.installation, published=0))
    if not is_readable:
        async with trial.sessions.begin() as session:
            await session.execute(text("UPDATE dead_letters SET event_id = NULL"))
    [(topic, partition, offset)] = await trial.fetch('SELECT topic, partition, "offset" FROM dead_letters')
    await dayar(trial, user.app, "add", "aida", "--role", "administrator")
    async with redriving(trial, trial.consumer()), trial.relaying():
        await redrive(trial, f"alerts/{topic}/{partition}/{offset}")
        assert await wait_for(lambda: results(trial)) == ["recorded"]


@pytest.mark.parametrize("is_readable", [True, False], ids=["event id", "no event id"])
async def test_two_letters_with_one_offset_are_redriven_separately(trial: Trial, is_readable: bool) -> None:
    """A restored dead letter has its offset of the old log.

    A new dead letter may get the same offset of the new log.
    """
    old, new = (event(hazard(hazard_id)) for hazard_id in [uuid4()] * 2)
    place = await set_aside(trial, old)
    onto = partial(onto_a_new_log, trial.installation, partitions=trial.installation.partitions)
    await asyncio.to_thread(onto)
    await trial.publish(new)
    async with trial.running(trial.consumer(refuses)), trial.relaying():
        assert await trial.drained() == {"set_aside": 2}
        await wait_for(trial.nothing_to_relay)
    letters = await trial.fetch('SELECT topic, partition, "offset", event_id FROM dead_letters ORDER BY "offset" DESC')
    named = {f"alerts/{topic}/{partition}/{offset}": event_id for topic, partition, offset, event_id in letters}
    assert next(iter(named)) == place, "the new letter stands where the old one stood"
    if not is_readable:
        async with trial.sessions.begin() as session:
            await session.execute(text("UPDATE dead_letters SET event_id = NULL"))
    for done, (row, event_id) in enumerate(named.items()):
        await redrive(trial, row)
        async with redriving(trial, trial.consumer()):
            assert await wait_for(lambda: results(trial)) == ["recorded"] * (done + 1)
        assert event_id in await trial.effects()
    assert sorted((await trial.effects()).values()) == [1, 1]


def are_listed(broker: broker.Broker, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in broker.admin().list_topics(timeout=30).topics)


def onto_a_new_log(installation: Installation, *, partitions: int = 2, published: int = 1) -> None:
    broker, server, prefix = installation.components.broker, installation.components.server, installation.topic_prefix

    async def kept() -> tuple[log.Log, list[bytes], list[tuple[str, int, int]]]:
        async with dump.snapshot(server, installation.database) as snapshot:
            seen, read = log.look(broker, prefix), snapshot.positions["alerts"]
            lines = log.records(broker, prefix, seen, log.carried(seen, read), snapshot.letters)
            return seen, list(lines), read

    before, lines, read = asyncio.run(kept())
    assert len([line for line in lines if b'"hazards.alerts.dead"' in line]) == published
    logins = installation.ground.kafka_logins
    topics.remove(broker, prefix, logins=logins)
    # before the broker learns of the removal from the controller, `create` and `look` would still see the old topics
    assert wait_until(lambda: not are_listed(broker, prefix), timeout=60, every=0.1)
    topics.create(
        broker,
        Settings(topic_prefix=prefix),
        logins=logins,
        partitions=partitions,
        declared=installation.topics.declared,
    )
    now = log.look(broker, prefix)
    log.publish(broker, prefix, lines, [name for name in before.ids if not log.is_same(name, before, now)])
    targets = {(topic, number): log.where_to_read((topic, number), at, before, now) for topic, number, at in read}
    asyncio.run(log.move(server, installation.database, "alerts", targets))

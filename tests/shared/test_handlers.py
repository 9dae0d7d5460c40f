"""A later release may add an event type to a topic.

Consumers of this release handle an unknown type or ignore it. Older consumers make dead letters of such events.
"""

from collections.abc import Sequence
from typing import ClassVar, cast
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cli.contract import HANDLED, document
from services.alerts.handlers import HAZARDS, HOUSEHOLDS
from services.console.handlers import BOARD
from services.registry.handlers import REPORTS
from shared.auth.revocations import Revocations
from shared.config import Settings
from shared.events import (
    EVENT_TYPES,
    TOPICS,
    CredentialRevoked,
    EventData,
    HazardCancelled,
    HazardReported,
    HazardUpdated,
    Message,
    message,
)
from shared.events.envelope import gathered
from shared.events.vocabulary import OutcomeKind
from shared.messaging import decisions, metrics
from shared.messaging.handlers import HandlerMissing, Handlers
from shared.messaging.models import Redrive
from shared.messaging.records import Handler, Outcome, Received, Record, open_plain
from tests.installation import Installation
from tests.shared.test_redrives import redriving, results
from tests.shared.trial import SERVICE, Trial, event, handlers, hazard, record
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


class HazardForecast(HazardReported):
    """An event type that a later release might add to the topic `hazards`."""

    event_type: ClassVar[str] = "dayar.hazard.forecast.v1"


class HazardWatched(EventData):
    """A second new event type, which is not a report."""

    event_type: ClassVar[str] = "dayar.hazard.watched.v1"
    topic: ClassVar[str] = "hazards"
    key_field: ClassVar[str] = "hazard_id"

    hazard_id: str


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENT_TYPES, HazardForecast.event_type, (HazardForecast,))


def forecast() -> Message:
    data = HazardForecast.model_validate(hazard().model_dump())
    return message(data, id=uuid4(), source="/intake", time=data.received_at)


async def decide_redrive(trial: Trial, topic: str, partition: int, offset: int) -> None:
    decision = Redrive(topic=topic, partition=partition, offset=offset, account=uuid4(), reason="the next release")
    async with trial.sessions.begin() as session:
        await decisions.write(session, decision)


def dead_letters_counted() -> float:
    labels = {"consumer": SERVICE, "topic": "hazards", "reason": "unknown_type"}
    return metrics.REGISTRY.get_sample_value("dayar_dead_letters_total", labels) or 0


def test_the_registry_is_gathered_from_the_classes() -> None:
    assert gathered(HazardReported)[HazardForecast.event_type] == (HazardForecast,)
    assert gathered(HazardWatched) == {}
    # the class is missing here: `shared.events` was imported before the class was defined
    assert HazardForecast.event_type not in EVENT_TYPES
    assert all(model.topic in TOPICS for models in EVENT_TYPES.values() for model in models)


@pytest.mark.parametrize("table", [HAZARDS, HOUSEHOLDS, BOARD, REPORTS])
def test_each_consumer_has_a_row_for_every_type_of_its_topics(table: Handlers) -> None:
    assert table.missing_types == []


async def test_a_handler_gets_the_events_of_its_types_together_and_all_stay_in_order() -> None:
    calls: list[list[str]] = []

    async def remember(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        calls.append([one.event.type for one in received])
        return [Outcome(OutcomeKind.RECORDED)] * len(received)

    async def remember_cancelled(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        return [Outcome(OutcomeKind.ALERTED) for _ in await remember(received, session)]

    reported, updated, cancelled = (model.event_type for model in (HazardReported, HazardUpdated, HazardCancelled))
    table = Handlers({HazardReported: remember, HazardCancelled: remember_cancelled}, ignored=(HazardUpdated,))
    batch = [received(name) for name in (reported, updated, reported, cancelled, reported)]
    outcomes = await table(batch, cast(AsyncSession, None))
    assert calls == [[reported, reported], [cancelled], [reported]]
    assert [outcome.kind for outcome in outcomes] == ["recorded", "noted", "recorded", "alerted", "recorded"]
    assert outcomes[1].reason == "ignored"


def received(event_type: str) -> Received:
    sent = event(hazard())
    opened = open_plain(Record("hazards", 0, 0, 0, sent.key, sent.value, sent.headers))
    return opened._replace(event=opened.event._replace(type=event_type))


def test_the_published_document_names_the_readers_of_each_type(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readers_of(HazardUpdated.event_type) == ["alerts", "console"]
    assert readers_of(CredentialRevoked.event_type) == ["intake", "registry", "alerts", "console"]
    table = Handlers({HazardReported: record}, ignored=(HazardUpdated, HazardCancelled))
    monkeypatch.setitem(HANDLED, "alerts", table.handled_types)
    assert readers_of(HazardReported.event_type) == ["alerts", "console"]
    assert readers_of(HazardUpdated.event_type) == ["console"]


def readers_of(event_type: str) -> list[str]:
    readers: list[str] = document()["components"]["messages"][event_type]["x-read-by"]
    return readers


@pytest.mark.usefixtures("next_release")
async def test_a_consumer_that_ignores_a_type_counts_it_as_noted(trial: Trial) -> None:
    table = Handlers({HazardReported: record}, ignored=(HazardUpdated, HazardCancelled, HazardForecast))
    await trial.publish(event(hazard()), forecast(), event(hazard()))
    async with trial.running(trial.consumer(table)):
        assert await trial.drained() == {"recorded": 2, "noted": 1}
    assert len(await trial.effects()) == 2
    assert await trial.fetch("SELECT * FROM dead_letters") == []


@pytest.mark.usefixtures("next_release")
async def test_a_consumer_without_a_row_for_a_type_does_not_start(
    trial: Trial, capsys: pytest.CaptureFixture[str]
) -> None:
    await trial.publish(event(hazard()))
    with pytest.raises(HandlerMissing, match=HazardForecast.event_type):
        await trial.consumer(handlers()).run()
    assert HazardForecast.event_type in capsys.readouterr().out
    assert await trial.effects() == {}
    assert await trial.fetch("SELECT * FROM dead_letters") == []


def test_a_web_process_that_cannot_tell_a_type_of_access_does_not_start(
    tables: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event of an unknown type may mean that an account has lost its access.

    If a web process ignored this event, it would still admit the account.
    """
    monkeypatch.setitem(EVENT_TYPES, "dayar.credential.narrowed.v1", (CredentialRevoked,))
    with pytest.raises(HandlerMissing, match="narrowed"):
        Revocations(tables.settings(Settings, "registry"))


async def test_a_type_that_is_unknown_at_start_is_a_dead_letter_and_handled_by_the_next_release(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dead_letters_counted()
    await trial.publish(event(hazard()), forecast(), event(hazard()))
    async with trial.running(trial.consumer()), trial.relaying():
        assert await trial.drained() == {"recorded": 2, "set_aside": 1}
        await wait_for(trial.nothing_to_relay)
    [(reason, *offset)] = await trial.fetch('SELECT reason, topic, partition, "offset" FROM dead_letters')
    assert reason == "unknown_type"
    assert dead_letters_counted() == before + 1
    assert any(
        "dead letters written" in line and "unknown_type" in line for line in capsys.readouterr().out.splitlines()
    )

    monkeypatch.setitem(EVENT_TYPES, HazardForecast.event_type, (HazardForecast,))
    table: dict[type[EventData], Handler] = dict.fromkeys((HazardReported, HazardForecast), record)
    await decide_redrive(trial, *offset)
    async with redriving(trial, trial.consumer(Handlers(table, ignored=(HazardUpdated, HazardCancelled)))):
        assert await wait_for(lambda: results(trial)) == ["recorded"]
    assert len(await trial.effects()) == 3
    assert await trial.fetch("SELECT * FROM dead_letters") == []

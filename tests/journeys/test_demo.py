"""The exercise's story, played over HTTP on a whole installation."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli.demo import ACCOUNTS, Played, play
from cli.scenario import Sender
from services.console import accounts, passwords
from services.console.config import ConsoleSettings
from services.console.queries import accounts as queries
from shared import database
from shared.auth import Role
from shared.events import AlertRaised, AlertUpdated, Event
from shared.events.topics import SERVICES
from shared.events.vocabulary import OutcomeKind, ReportKind, Status
from tests.installation import Ground, Installation, wait_for
from tests.journeys.logs import events_on

ROLES = {Sender.OPERATOR: Role.OPERATOR, Sender.FIELD: Role.FIELD}


@pytest.fixture
def exercise(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(ground, tmp_path / "exercise", exercise=True)
    yield made
    made.remove()


async def people(installation: Installation) -> dict[str, str]:
    """The accounts that `make run` makes for an exercise, with their passwords."""
    engine = database.engine(installation.settings(ConsoleSettings))
    drawn = {name: passwords.draw() for name in ACCOUNTS.values()}
    async with database.sessions(engine).begin() as session:
        for sender, name in ACCOUNTS.items():
            account = accounts.new(name, frozenset({ROLES[sender]}), datetime.now(UTC), team=uuid4())
            account.password_hash = await passwords.hashed(drawn[name])
            await queries.add(session, account)
    await engine.dispose()
    return drawn


async def played(installation: Installation) -> Played:
    drawn = await people(installation)
    web = installation.web()
    for service in SERVICES:
        installation.start(service, "worker")
    return await asyncio.to_thread(play, web.base_url, drawn, seconds=0.0, tell=lambda _step, _answer: None)


async def test_the_story_is_told_to_its_end(exercise: Installation) -> None:
    answers = (await played(exercise)).answers

    assert answers == {"accepted": 40, "duplicate": 3, "refused": 1}

    async def has_settled() -> bool:
        return len(await events_on(exercise, "outcomes")) >= 40

    await wait_for(has_settled, timeout=60, every=0.5)
    outcomes = [event.data for event in await events_on(exercise, "outcomes")]
    households = [outcome for outcome in outcomes if outcome.kind is ReportKind.HOUSEHOLD]
    assert [outcome.outcome for outcome in households] == [OutcomeKind.RECORDED] * 36
    assert {outcome.status for outcome in outcomes} == {Status.EXERCISE}

    async def has_alerted() -> bool:
        return {"displacement", "exposure"} <= {event.data.rule for event in await raised(exercise)}

    await wait_for(has_alerted, timeout=30, every=0.5)
    rules = sorted(event.data.rule for event in await raised(exercise) if event.type == AlertRaised.event_type)
    assert rules.count("displacement") == 1
    assert rules.count("exposure") == 1


async def raised(installation: Installation) -> list[Event[Any]]:
    kinds = (AlertRaised.event_type, AlertUpdated.event_type)
    return [event for event in await events_on(installation, "alerts") if event.type in kinds]

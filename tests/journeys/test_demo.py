"""Plays the exercise's scenario over HTTP on a whole installation."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from cli.demo import ACCOUNTS, play
from cli.scenario import SITE, Sender, Step
from services.alerts import counts
from services.alerts.ruleset import Ruleset
from services.console.config import ConsoleSettings
from services.console.queries import accounts as queries
from services.console.sign_in import accounts, passwords
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events import AlertRaised, ReportSettled, SiteChanged
from shared.events.topics import SERVICES
from shared.events.vocabulary import OutcomeKind, ReportKind, Status
from shared.postgres import database
from tests.installation import Ground, Installation, installed
from tests.journeys.count import Sent, count_check, drained, intake_counts
from tests.journeys.logs import events_on
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("cheap_hashes")

# A date long ago makes `counts.due` skip figures that wait for the next update of their alert.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ROLES = {Sender.OPERATOR: Role.OPERATOR, Sender.FIELD: Role.FIELD}


@pytest.fixture
def exercise(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    """An exercise with a real installation's number of partitions: each worker reads several partitions of a topic."""
    with installed(ground, tmp_path, exercise=True) as installation:
        yield installation


async def people(installation: Installation) -> dict[str, str]:
    engine = database.engine(installation.settings(ConsoleSettings))
    drawn = {name: passwords.draw() for name in ACCOUNTS.values()}
    async with database.sessions(engine).begin() as session:
        for sender, name in ACCOUNTS.items():
            account = accounts.new(name, frozenset({ROLES[sender]}), datetime.now(UTC), team=uuid4())
            account.password_hash = await passwords.hashed(drawn[name])
            await queries.add(session, account)
    await engine.dispose()
    return drawn


@dataclass
class Recording:
    """Records each sent report, and intake's answer to the report.

    `count_check` compares intake's answers with the results.
    """

    sent: Sent

    def __call__(self, step: Step, answer: str) -> None:
        topic = "hazards" if step.path.endswith("hazards") else "displacements"
        self.sent.reports += 1
        self.sent.answers[answer] += 1
        if answer != "refused":
            self.sent.published(topic, UUID(step.body["report_id"]))


async def exposures_published(installation: Installation) -> None:
    """Waits until every exposure alert is published. A background task raises these alerts."""
    rule = Ruleset.load().exposure
    assert rule is not None
    engine = database.engine(installation.settings(Settings, "alerts"))
    sessions = database.sessions(engine)

    async def is_all_published() -> bool:
        async with sessions() as session:
            unfollowed = await session.scalar(text("SELECT count(*) FROM hazard_changes"))
            return not unfollowed and not await counts.due(session, rule, LONG_AGO)

    await wait_for(is_all_published, timeout=60)
    await engine.dispose()
    await drained(installation)


async def test_the_scenario_is_played_to_its_end(exercise: Installation) -> None:
    drawn, sent = await people(exercise), Sent()
    web = exercise.web()
    for service in SERVICES:
        exercise.start(service, "worker")

    played = await asyncio.to_thread(play, web.base_url, drawn, seconds=0.0, tell=Recording(sent))
    await count_check(exercise, sent)
    sent.same_as(await intake_counts(exercise, f"{web.base_url}/intake"))
    await exposures_published(exercise)

    assert played.answers == {"accepted": 40, "duplicate": 3, "refused": 1}
    published = [event.data for event in await events_on(exercise, "outcomes")]
    outcomes = [data for data in published if isinstance(data, ReportSettled)]
    households = [outcome.outcome for outcome in outcomes if outcome.kind is ReportKind.HOUSEHOLD]
    assert households == [OutcomeKind.RECORDED] * 36
    assert {outcome.status for outcome in outcomes} == {Status.EXERCISE}
    sites = [event for event in await events_on(exercise, "sites") if isinstance(event.data, SiteChanged)]
    [site], groups = sites, await events_on(exercise, "groups")
    assert {event.data.site_id for event in groups} == {site.data.site_id}
    bearer = {"authorization": f"Bearer {exercise.token(roles=[Role.OPERATOR])}"}
    path = f"{web.base_url}/board/households?lang=en"
    board = (await asyncio.to_thread(httpx.get, path, headers=bearer, timeout=60)).text
    panel = " ".join(re.sub("<[^>]+>", " ", board).split())
    assert "Counted groups 120 persons, 24 families" in panel
    assert str(SITE["name_en"]) in panel
    rules = [event.data.rule for event in await events_on(exercise, "alerts") if event.type == AlertRaised.event_type]
    assert rules.count("displacement") == 1
    assert rules.count("exposure") == 1

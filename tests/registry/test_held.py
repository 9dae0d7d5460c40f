"""`dayar held` shows, accepts or refuses a held report. The registry's worker carries the decision out once."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from cli import held, user
from deploy.local.process import Process
from services.registry.config import RegistrySettings
from shared.config import Settings
from shared.country import COUNTRY
from shared.events.vocabulary import Flag
from shared.messaging import kafka
from shared.postgres import database
from tests.installation import Installation
from tests.publishing import publishing
from tests.registry.factories import Desk, household, movement
from tests.waiting import wait_for

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_hashes")]

PASSWORD = "rather long words\n" * 2
AUTHOR, TEAM = uuid4(), uuid4()
BATKEN_OBLAST, OSH_OBLAST = "KG05000000000", "KG06000000000"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%household_keys%'"


@dataclass
class Office:
    installation: Installation
    engine: AsyncEngine
    workers: list[Process] = field(default_factory=list)

    def work(self) -> Process:
        self.workers.append(self.installation.start("registry", "worker"))
        return self.workers[-1]

    async def publish(
        self, *bodies: dict[str, Any], flags: tuple[Flag, ...] = (), author: UUID = AUTHOR, team: UUID = TEAM
    ) -> None:
        desk = Desk(self.installation.secrets / "seal")
        async with publishing(self.installation.settings(Settings, "intake")) as publisher:
            await publisher.publish_all(
                [desk.message(body, author=author, team=team, flags=flags) for body in bodies], timeout=30
            )

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        async with self.engine.begin() as connection:
            return [dict(row) for row in (await connection.execute(text(statement))).mappings()]

    async def held_id(self) -> UUID:
        [row] = await wait_for(lambda: self.rows("SELECT outcome_id FROM reports WHERE outcome = 'held'"))
        outcome_id: UUID = row["outcome_id"]
        return outcome_id

    async def published(self, topic: str) -> list[str]:
        async with kafka.log_reader(self.installation.settings(Settings, "console"), [topic]) as reader:
            return [record.value.decode() async for record in reader.records()]

    async def is_waiting(self) -> bool:
        return bool((await self.rows(WAITS))[0]["count"])

    async def two_outcomes(self) -> list[str] | None:
        outcomes = await self.published("outcomes")
        return outcomes if len(outcomes) == 2 else None

    async def three_households(self) -> list[str] | None:
        households = await self.published("households")
        return households if len(households) == 3 else None

    async def dayar(self, *words: str) -> Result:
        """Runs a command in a thread: the command starts its own event loop."""
        with patch.dict(os.environ, self.installation.env()):
            return await asyncio.to_thread(CliRunner().invoke, held.app, words)

    async def add(self, name: str, role: str, area: str = COUNTRY) -> None:
        with patch.dict(os.environ, self.installation.env()):
            words = ["add", name, "--role", role, "--area", area]
            added = await asyncio.to_thread(CliRunner().invoke, user.app, words, input=PASSWORD)
        assert added.exit_code == 0, added.output


@pytest.fixture
async def office(installation: Installation) -> AsyncIterator[Office]:
    engine = database.engine(installation.settings(RegistrySettings))
    office = Office(installation, engine)
    await office.add("aida", "registrar")
    yield office
    await engine.dispose()


async def test_an_accepted_report_takes_effect_once_even_if_the_worker_is_killed(office: Office) -> None:
    worker = office.work()
    body = household()
    await office.publish(body, flags=(Flag.EXPIRED_TOKEN,))
    id = await office.held_id()
    async with office.engine.begin() as other:
        await other.execute(text("SELECT 1 FROM household_keys FOR UPDATE"))
        accepted = await office.dayar("accept", str(id), "--by", "aida", "--reason", "confirmed_by_others")
        assert accepted.exit_code == 0, accepted.output
        await wait_for(office.is_waiting)
        worker.kill9()
    assert await office.rows("SELECT result FROM held_decisions") == [{"result": None}]
    assert await office.rows("SELECT * FROM households") == []
    office.work()
    await wait_for(lambda: office.rows("SELECT 1 FROM held_decisions WHERE result = 'recorded'"))
    published = [json.loads(value) for value in await wait_for(office.three_households)]
    assert [event.get("is_held") for event in published] == [True, None, False]
    assert {event["household_id"] for event in published} == {body["household_id"]}
    first, second = map(json.loads, await wait_for(office.two_outcomes))
    assert (first["outcome"], second["outcome"], second["replaces"]) == ("held", "recorded", str(id))
    assert await office.rows("SELECT persons FROM households") == [{"persons": 5}]


async def test_the_author_learns_of_a_refused_report(office: Office) -> None:
    assert (await office.dayar("list")).output == "No report is held.\n"
    office.work()
    await office.publish(household(), flags=(Flag.EXPIRED_TOKEN,))
    id = await office.held_id()
    refused = await office.dayar("refuse", str(id), "--by", "aida", "--reason", "not_confirmed")
    assert refused.exit_code == 0, refused.output
    again = await office.dayar("refuse", str(id), "--by", "aida", "--reason", "not_confirmed")
    assert again.exit_code == 1
    _, second = map(json.loads, await wait_for(office.two_outcomes))
    assert (second["outcome"], second["reason"], second["replaces"]) == ("rejected", "not_confirmed", str(id))
    assert await office.rows("SELECT * FROM households") == []


async def test_a_held_report_is_shown_without_names_and_the_read_is_recorded(office: Office) -> None:
    office.work()
    body = household()
    await office.publish(body, flags=(Flag.EXPIRED_TOKEN,))
    id = await office.held_id()
    listed = await office.dayar("list")
    assert str(id) in listed.output and "expired_token" in listed.output
    shown = await office.dayar("show", str(id), "--by", "aida")
    assert shown.exit_code == 0 and body["report_id"] in shown.output and "Kadamjai" in shown.output
    for personal in ("Токтогул", "Айгүл", "+996", "мост"):
        assert personal not in shown.output + listed.output
    [read] = await office.rows("SELECT token, subject, objects FROM audit WHERE action = 'read'")
    assert read == {"token": None, "subject": "held report", "objects": [UUID(body["household_id"])]}


async def test_an_account_without_the_role_decides_nothing(office: Office) -> None:
    office.work()
    await office.add("bek", "operator")
    await office.publish(household(), flags=(Flag.EXPIRED_TOKEN,))
    id = str(await office.held_id())
    for words in (
        ("accept", id, "--by", "bek", "--reason", "known_team"),
        ("accept", id, "--by", "nobody", "--reason", "known_team"),
        ("accept", str(uuid4()), "--by", "aida", "--reason", "known_team"),
        ("show", id, "--by", "bek"),
    ):
        assert (await office.dayar(*words)).exit_code == 1, words
    free_text = await office.dayar("accept", id, "--by", "aida", "--reason", "Aigul's mother says so")
    assert free_text.exit_code == 2  # a typed reason could contain names of people, so only listed reasons are accepted
    assert (
        await office.rows("SELECT * FROM held_decisions")
        == await office.rows("SELECT * FROM audit WHERE action = 'read'")
        == []
    )


async def test_a_held_report_is_visible_only_in_its_areas(office: Office) -> None:
    office.work()
    await office.publish(household(), flags=(Flag.EXPIRED_TOKEN,))
    id = str(await office.held_id())
    await office.add("ainura", "registrar", OSH_OBLAST)
    await office.add("bakyt", "registrar", BATKEN_OBLAST)
    reason = ("--reason", "confirmed_by_others")
    for words in (("show", id), ("accept", id, *reason), ("refuse", id, "--reason", "practice")):
        output = await office.dayar(*words, "--by", "ainura")
        assert (output.exit_code, output.stderr.strip()) == (1, "No report is held under this id.")
    assert await office.rows("SELECT * FROM held_decisions") == []
    assert (await office.dayar("show", id, "--by", "bakyt")).exit_code == 0


async def test_a_report_about_people_registered_without_a_place_needs_a_registrar_of_the_country(
    office: Office,
) -> None:
    office.work()
    body = household(origin={"country": "TJ"}, destination={"country": "RU"})
    await office.publish(body)
    await office.publish({**body, "version": 2, "destination": {"pcode": OSH_OBLAST}}, author=uuid4(), team=uuid4())
    id = str(await office.held_id())
    await office.add("ainura", "registrar", OSH_OBLAST)
    refused = await office.dayar("accept", id, "--by", "ainura", "--reason", "confirmed_by_others")
    assert (refused.exit_code, "registered in another area" in refused.stderr) == (1, True)
    accepted = await office.dayar("accept", id, "--by", "aida", "--reason", "confirmed_by_others")
    assert accepted.exit_code == 0, accepted.output


async def test_a_registrar_of_the_households_area_accepts_a_death_that_another_team_reported(office: Office) -> None:
    office.work()
    body = household()
    died = movement(body, "died", member_ids=[body["members"][4]["member_id"]])
    await office.publish(body)
    await office.publish(died, author=uuid4(), team=uuid4())
    id = str(await office.held_id())
    await office.add("ainura", "registrar", OSH_OBLAST)
    await office.add("bakyt", "registrar", BATKEN_OBLAST)
    assert (await office.dayar("show", id, "--by", "ainura")).exit_code == 1
    shown = await office.dayar("show", id, "--by", "bakyt")
    assert shown.exit_code == 0, shown.output
    for line in ("Movement       died", f"Household      {body['household_id']}", "removal_by_other_team"):
        assert line in shown.output
    accepted = await office.dayar("accept", id, "--by", "bakyt", "--reason", "confirmed_by_others")
    assert accepted.exit_code == 0, accepted.output
    await wait_for(lambda: office.rows("SELECT 1 FROM held_decisions WHERE result = 'recorded'"))
    assert await office.rows("SELECT persons FROM stays WHERE sub_stock = 'in_displacement'") == [{"persons": 4}]


async def test_a_movement_that_contradicts_other_reports_can_only_be_refused(office: Office) -> None:
    office.work()
    body = household()
    await office.publish(body, movement(body, "returned", occurred_at="2026-01-01T06:00:00Z"))
    id = str(await office.held_id())
    accepted = await office.dayar("accept", id, "--by", "aida", "--reason", "known_team")
    assert (accepted.exit_code, "before_departure" in accepted.stderr) == (1, True)
    refused = await office.dayar("refuse", id, "--by", "aida", "--reason", "wrong_number")
    assert refused.exit_code == 0, refused.output
    await wait_for(lambda: office.rows("SELECT 1 FROM held_decisions WHERE result = 'rejected'"))

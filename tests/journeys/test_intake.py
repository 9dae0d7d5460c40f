"""No accepted report is lost or counted twice, although Kafka fails, Valkey is emptied, or answers are lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy.local import paths
from deploy.local.process import Process
from services.registry.config import RegistrySettings
from shared.auth.tokens import Role
from shared.events.topics import SERVICES
from shared.postgres import database
from tests.installation import PATIENT, Installation, wait_for
from tests.intake.factories import household
from tests.journeys.count import Sent, count_check, intake_counts

pytestmark = pytest.mark.anyio

PATH = "/v1/displacements"
ANSWER_SECONDS = 60


class Phones:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.sent = Sent()
        self.port = paths.free_port()
        patience = ["valkey"] if installation.ground.is_killable else []
        self.intake = installation.run(PATIENT, *patience, "services.intake", "web", env={"PORT": str(self.port)})
        self.workers = [installation.start(service, "worker") for service in SERVICES]
        token = installation.token(roles=[Role.FIELD], team=uuid4(), channel="field")
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"authorization": f"Bearer {token}"},
            timeout=ANSWER_SECONDS,
        )

    async def send(self, body: dict[str, Any]) -> str:
        """Repeats a request until intake answers, as a phone does. Returns the status of this answer."""
        return await wait_for(lambda: self._answer(body), timeout=5 * ANSWER_SECONDS, every=0.05)

    async def _answer(self, body: dict[str, Any]) -> str | None:
        try:
            answer = await self.client.post(PATH, json=body)
        except httpx.TransportError:
            self.sent.lost()
            return None
        self.sent.answered("displacements", answer)
        return str(answer.json()["status"])

    async def restart(self) -> None:
        self.intake.stop()
        self.intake.start()
        await self.answers()

    async def answers(self, path: str = "/live") -> None:
        await wait_for(lambda: self._is_well(path), timeout=ANSWER_SECONDS)

    async def _is_well(self, path: str) -> bool:
        try:
            return (await self.client.get(path)).status_code == 200
        except httpx.TransportError:
            return False

    async def households(self) -> dict[str, int]:
        rows = await self.rows("SELECT household_id, persons FROM households")
        return {str(household_id): persons for household_id, persons in rows}

    async def episodes(self, body: dict[str, Any]) -> int:
        rows = await self.rows("SELECT household_id FROM episodes")
        return sum(str(household_id) == body["household_id"] for (household_id,) in rows)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        engine = database.engine(self.installation.settings(RegistrySettings))
        try:
            async with engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(text(query))]
        finally:
            await engine.dispose()

    async def counts(self) -> dict[str, int]:
        return await intake_counts(self.installation, f"http://127.0.0.1:{self.port}")

    @property
    def processes(self) -> list[Process]:
        return [self.intake, *self.workers]


@asynccontextmanager
async def phones(installation: Installation) -> AsyncIterator[Phones]:
    made = Phones(installation)
    try:
        await made.answers("/ready")
        yield made
    finally:
        await made.client.aclose()
        for process in made.processes:
            process.stop()


@pytest.fixture(scope="module")
async def field(shared_installation: Installation) -> AsyncIterator[Phones]:
    async with phones(shared_installation) as made:
        yield made


async def test_an_outage_of_kafka_and_a_restart_of_intake_lose_nothing_and_the_correction_wins(
    killable_installation: Installation,
) -> None:
    kafka = killable_installation.components.kafka
    bodies = [household() for _ in range(60)]
    async with phones(killable_installation) as field:
        for body in bodies[:20]:
            assert await field.send(body) in ("accepted", "spooled")  # the answer of a busy broker may come too late
        kafka.kill9()
        answers = [await field.send(body) for body in bodies[20:40]]
        answers += [await field.send(corrected(body)) for body in (*bodies[:10], *bodies[20:30])]
        assert set(answers) == {"spooled"}
        before = await field.counts()
        await field.restart()
        answers = [await field.send(body) for body in bodies[40:]]
        answers += [await field.send(corrected(body)) for body in bodies[40:50]]
        assert set(answers) == {"spooled"}
        assert await field.send(bodies[25]) == "duplicate"
        kafka.spawn()
        await asyncio.to_thread(kafka.wait_ready)
        await count_check(killable_installation, field.sent)
        field.sent.same_as(before, await field.counts())
        changed = {body["household_id"] for body in (*bodies[:10], *bodies[20:30], *bodies[40:50])}
        expected = {body["household_id"]: 9 if body["household_id"] in changed else 2 for body in bodies}
        assert await field.households() == expected


async def test_emptying_valkey_meanwhile_counts_nothing_twice(field: Phones) -> None:
    bodies, before = [household() for _ in range(40)], await repeats(field)
    for body in bodies[:20]:
        assert await field.send(body) == "accepted"
    with field.installation.redis() as valkey:
        valkey.flushdb()
    again = [await field.send(body) for body in bodies]
    assert set(again) == {"accepted"}
    assert await repeats(field) == before + 20  # the registry received twenty reports twice
    for body in bodies:
        assert await field.episodes(body) == 1


async def test_the_same_report_on_two_connections_at_once_is_one_household(field: Phones) -> None:
    body, before = household(), await repeats(field)
    answers = Counter(await asyncio.gather(field.send(body), field.send(body)))
    assert set(answers) <= {"accepted", "duplicate"}
    assert (
        await repeats(field) == before + answers["accepted"] - 1
    )  # the report was published twice, and the registry dropped one copy
    assert await field.episodes(body) == 1


async def test_a_report_whose_answer_was_lost_is_sent_again(field: Phones) -> None:
    body, before = household(), await repeats(field)
    reader, writer = await asyncio.open_connection("127.0.0.1", field.port)
    writer.write(request(field, body))
    await writer.drain()
    await reader.readexactly(1)  # intake has answered; the phone reads only one byte of the answer
    writer.close()
    field.sent.lost()
    assert await field.send(body) == "duplicate"
    assert await repeats(field) == before
    assert await field.episodes(body) == 1


async def repeats(field: Phones) -> int:
    """Waits until all records are processed and the counts balance. Returns the number of repeats in the registry."""
    standing = await count_check(field.installation, field.sent)
    return standing.kinds["registry", "displacements"]["repeat"]


def request(field: Phones, body: dict[str, Any]) -> bytes:
    made = field.client.build_request("POST", PATH, json=body)
    head = "".join(f"{name}: {value}\r\n" for name, value in made.headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + made.content


def corrected(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "version": 2, "persons": 9, "members": []}

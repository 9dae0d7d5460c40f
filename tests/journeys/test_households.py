"""A thousand reports become a thousand households. Each is published once, even if a process or server fails."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy.local.component import Component
from deploy.local.messages import ComponentFailed
from deploy.local.process import Process
from services.registry.config import RegistrySettings
from shared import events
from shared.auth.tokens import Role
from shared.failures import is_dependency_unavailable
from shared.postgres import database
from tests import data
from tests.installation import Installation, Web, wait_for
from tests.journeys import hope
from tests.journeys.count import Sent, count_check, everything, intake_counts

pytestmark = pytest.mark.anyio

WORKBOOK = "forms/hope-rdi_import_50_hh_50_ind.xlsx"
AT_ONCE = 4


def test_the_workbook_holds_fifty_households(real_data: Path) -> None:
    families = hope.families(real_data / WORKBOOK)
    assert (len(families), sum(map(len, families))) == (50, 208)
    assert sum(member.relationship == "head" for family in families for member in family) == 50


def test_the_same_seed_gives_the_same_reports() -> None:
    families, now = hope.own_families(), datetime.now(UTC)
    assert hope.reports(families, 20, now=now) == hope.reports(families, 20, now=now)
    assert hope.reports(families, 20, now=now) != hope.reports(families, 20, now=now, seed=1)


@pytest.fixture
def families() -> Sequence[hope.Family]:
    """Families of the real workbook. On a machine without this file, the families are invented."""
    return hope.families(data.FOLDER / WORKBOOK) if data.is_there() else hope.own_families()


async def test_a_thousand_households_survive_four_failures(
    killable_installation: Installation, families: Sequence[hope.Family]
) -> None:
    journey = Journey(killable_installation, hope.reports(families, 1000))
    async with journey.begun():
        await journey.worker_killed(250)
        await journey.worker_frozen(250)
        await journey.component_killed(250, killable_installation.components.kafka)
        await journey.component_killed(250, killable_installation.components.postgres)
        await count_check(killable_installation, journey.sent)
        journey.sent.same_as(await intake_counts(killable_installation, f"{journey.web.base_url}/intake"))
        await journey.each_is_a_household()
        await journey.each_was_published_once()
        journey.both_workers_live()


async def started_again(component: Component) -> None:
    """Starts a killed server again, as the supervisor does.

    The start is repeated, because PostgreSQL cannot start while its old processes run.
    """
    for is_last in (False, False, False, True):
        component.spawn()
        try:
            await asyncio.to_thread(component.wait_ready)
        except ComponentFailed:
            if is_last:
                raise
        else:
            return


class Journey:
    def __init__(self, installation: Installation, bodies: Sequence[dict[str, Any]]) -> None:
        self.installation = installation
        self.bodies = bodies
        self.sent = Sent()
        self.next = 0
        self.web: Web
        self.worker: Process
        self.second: Process
        self.client: httpx.AsyncClient
        self.engine = database.engine(installation.settings(RegistrySettings))

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[None]:
        token = self.installation.token(roles=[Role.FIELD], team=uuid4(), channel="field")
        self.web = self.installation.web()
        for service in ("intake", "alerts", "console"):
            self.installation.start(service, "worker")
        self.worker = self.installation.start("registry", "worker")
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=self.web.base_url, headers=headers, timeout=60) as self.client:
            try:
                yield
            finally:
                await self.engine.dispose()  # after a failed test, an open engine would keep the event loop running

    async def worker_killed(self, count: int) -> None:
        async with self.sending(count) as rest:
            await self.is_halfway(count)
            self.worker.kill9()
            rest.set()
        self.worker.start()
        await self.recorded(at_least=self.next)

    async def worker_frozen(self, count: int) -> None:
        """Freezes the first worker. The second worker then does all work, before the first worker continues.

        The first worker must not repeat the work of the second worker.
        """
        self.second = self.installation.start("registry", "worker")
        async with self.sending(count) as rest:
            await self.is_halfway(count)
            self.worker.freeze()
            rest.set()
        await self.recorded(at_least=self.next)
        await wait_for(lambda: asyncio.to_thread(self.is_expelled), timeout=180, every=0.2)
        self.worker.resume()

    def is_expelled(self) -> bool:
        """Returns whether Kafka has removed the frozen worker from the group. Then only the second worker reads."""
        group = f"{self.installation.topic_prefix}registry"
        admin = self.installation.components.broker.admin()
        return len(admin.describe_consumer_groups([group])[group].result().members) == 1

    async def component_killed(self, count: int, component: Component) -> None:
        async with self.sending(count) as rest:
            await self.is_halfway(count)
            component.kill9()
            rest.set()
            await started_again(component)
        await self.recorded(at_least=self.next)

    @asynccontextmanager
    async def sending(self, count: int) -> AsyncIterator[asyncio.Event]:
        """Sends two thirds of the next `count` reports, and the last third when the test sets the event."""
        share = self.bodies[self.next : self.next + count]
        first, last = list(share[: -count // 3]), list(share[-count // 3 :])
        rest = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self.send(first, rest, last))
            yield rest
        self.next += count

    async def is_halfway(self, count: int) -> None:
        """Waits until some reports are recorded and some are not yet sent. A failure then comes in the middle."""
        await self.recorded(at_least=self.next + count // 3)
        assert self.sent.reports < self.next + count
        assert not await self.has_recorded(self.next + count)

    async def send(self, first: list[dict[str, Any]], rest: asyncio.Event, last: list[dict[str, Any]]) -> None:
        await self.send_all(first)
        await rest.wait()
        await self.send_all(last)

    async def send_all(self, waiting: list[dict[str, Any]]) -> None:
        while waiting:
            body = waiting.pop()
            answer = self.sent.answered("displacements", await self.client.post("/intake/v1/displacements", json=body))
            assert answer.status_code == 202, answer.text

    async def recorded(self, *, at_least: int) -> None:
        await wait_for(lambda: self.has_recorded(at_least), timeout=300, every=0.05)

    async def has_recorded(self, count: int) -> bool:
        try:
            return await self.value("SELECT count(*) FROM households") >= count
        except Exception as error:
            if not is_dependency_unavailable(error):
                raise
            return False

    async def value(self, query: str) -> int:
        async with self.engine.connect() as connection:
            return int((await connection.execute(text(query))).scalar_one())

    async def each_is_a_household(self) -> None:
        members = sum(len(body["members"]) for body in self.bodies)
        for table in ("households", "episodes", "reports", "inbox"):
            assert await self.value(f"SELECT count(*) FROM {table}") == len(self.bodies), table
        assert await self.value("SELECT count(*) FROM members") == members
        assert await self.value("SELECT sum(displaced) FROM episodes") == members

    def both_workers_live(self) -> None:
        """Checks that both workers still run.

        The frozen worker lost its partitions, and then got new partitions.
        """
        for worker in (self.worker, self.second):
            assert worker.is_running, worker.log_tail()

    async def each_was_published_once(self) -> None:
        published: dict[str, Counter[str]] = {}
        for topic, name in (("outcomes", "report_id"), ("households", "household_id")):
            found = [
                events.decode(topic, record.value, record.headers)
                for record in await everything(self.installation, topic)
            ]
            ids = {
                event.id: str(getattr(event.data, name))
                for event in found
                if not isinstance(event.data, events.ReportAlerted)
                and getattr(event.data, "consumer", "registry") == "registry"
            }
            published[name] = Counter(ids.values())
        for name, counts in published.items():
            assert counts == Counter({body[name]: 1 for body in self.bodies}), name

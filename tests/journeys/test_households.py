"""A thousand reports become a thousand households, each told once, whatever dies in the middle."""

import asyncio
import time
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

from deploy.local.part import Part
from deploy.local.process import Process
from services.registry.config import RegistrySettings
from shared import database, events
from shared.auth import Role
from shared.faults import is_part_at_fault
from tests.installation import Installation, wait_for
from tests.journeys import hope
from tests.journeys.count import Sent, count_check, everything

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]

WORKBOOK = "forms/hope-rdi_import_50_hh_50_ind.xlsx"
FROZEN_SECONDS = 20
AT_ONCE = 4


def test_the_workbook_holds_fifty_households(real_data: Path) -> None:
    families = hope.families(real_data / WORKBOOK)
    assert (len(families), sum(map(len, families))) == (50, 208)
    assert sum(member.relationship == "head" for family in families for member in family) == 50


def test_the_same_seed_gives_the_same_reports() -> None:
    families, now = hope.own_families(), datetime.now(UTC)
    assert hope.reports(families, 20, now=now) == hope.reports(families, 20, now=now)
    assert hope.reports(families, 20, now=now) != hope.reports(families, 20, now=now, seed=1)


async def test_a_thousand_real_households(own_installation: Installation, real_data: Path) -> None:
    await live_through(own_installation, hope.reports(hope.families(real_data / WORKBOOK), 1000))


async def test_three_hundred_households_of_our_own(own_installation: Installation) -> None:
    await live_through(own_installation, hope.reports(hope.own_families(), 300))


async def live_through(installation: Installation, bodies: Sequence[dict[str, Any]]) -> None:
    """In four parts, each with its accident in the middle."""
    journey = Journey(installation, bodies)
    async with journey.begun():
        share = len(bodies) // 4
        await journey.worker_killed(share)
        await journey.worker_frozen(share)
        await journey.part_killed(share, installation.parts.kafka)
        await journey.part_killed(len(bodies) - 3 * share, installation.parts.postgres)
        await count_check(installation, journey.sent, timeout=120)
        await journey.each_is_a_household()
        await journey.each_was_told_once()


class Journey:
    def __init__(self, installation: Installation, bodies: Sequence[dict[str, Any]]) -> None:
        self.installation = installation
        self.bodies = bodies
        self.sent = Sent()
        self.next = 0
        self.worker: Process
        self.client: httpx.AsyncClient
        self.engine = database.engine(installation.settings(RegistrySettings))

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[None]:
        token = self.installation.token(roles=[Role.FIELD], team=uuid4(), road="field")
        web = self.installation.web()
        for service in ("alerts", "console"):
            self.installation.start(service, "worker")
        self.worker = self.installation.start("registry", "worker")
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=web.base_url, headers=headers, timeout=30) as self.client:
            yield
        await self.engine.dispose()

    async def worker_killed(self, count: int) -> None:
        async with self.sending(count):
            await self.recorded(at_least=self.next + count // 3)
            self.worker.kill9()
        self.worker.start()
        await self.recorded(at_least=self.next)

    async def worker_frozen(self, count: int) -> None:
        """The second worker does all the work meanwhile; the first, awake again, must not do it twice."""
        second = self.installation.start("registry", "worker")
        async with self.sending(count):
            await self.recorded(at_least=self.next + count // 3)
            self.worker.freeze()
            frozen_at = time.monotonic()
        await self.recorded(at_least=self.next)
        await wait_for(lambda: time.monotonic() - frozen_at >= FROZEN_SECONDS, timeout=FROZEN_SECONDS + 5)
        self.worker.resume()
        assert second.is_running

    async def part_killed(self, count: int, part: Part) -> None:
        async with self.sending(count):
            await self.recorded(at_least=self.next + count // 3)
            part.kill9()
            part.spawn()
            await asyncio.to_thread(part.wait_ready)
        await self.recorded(at_least=self.next)

    @asynccontextmanager
    async def sending(self, count: int) -> AsyncIterator[None]:
        """The next `count` reports, meanwhile; `next` stands at the first of them until all are sent."""
        waiting = list(self.bodies[self.next : self.next + count])
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self.send(waiting))
            yield
        self.next += count

    async def send(self, waiting: list[dict[str, Any]]) -> None:
        while waiting:
            body = waiting.pop()
            answer = self.sent.answered("displacements", await self.client.post("/intake/v1/displacements", json=body))
            assert answer.status_code == 202, answer.text

    async def recorded(self, *, at_least: int) -> None:
        await wait_for(lambda: self.has_recorded(at_least), timeout=90, every=0.05)

    async def has_recorded(self, count: int) -> bool:
        try:
            return await self.value("SELECT count(*) FROM households") >= count
        except Exception as error:
            if not is_part_at_fault(error):
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

    async def each_was_told_once(self) -> None:
        """The relay may send an event twice; it is the same event then, by its id."""
        told: dict[str, Counter[str]] = {}
        for topic, name in (("outcomes", "report_id"), ("households", "household_id")):
            found = [
                events.decode(record.value, record.headers) for record in await everything(self.installation, topic)
            ]
            ids = {
                event.id: str(getattr(event.data, name))
                for event in found
                if getattr(event.data, "consumer", "registry") == "registry"
            }
            told[name] = Counter(ids.values())
        for name, counts in told.items():
            assert counts == Counter({body[name]: 1 for body in self.bodies}), name

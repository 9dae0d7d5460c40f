"""A hanging server is reported like a server that is away, even if the services answer late because of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from deploy.watch.checks import dead_letters, lag, ledger, services
from deploy.watch.settings import WatchSettings
from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import FindingKind

pytestmark = pytest.mark.anyio
SERVICES = ("intake", "registry", "alerts", "console")
METRICS = {
    "dayar_postgresql_up": 1,
    "dayar_kafka_up": 0,
    "dayar_unread_seconds": 0,
    "dayar_stopped_partitions": 0,
    "dayar_unaccounted_records": 0,
    "dayar_waiting_dead_letters": 0,
}


class SlowServices:
    """Each service sends its metrics only after all services were asked, as if a hanging Kafka delayed all of them."""

    def __init__(self) -> None:
        self.all_asked = asyncio.Barrier(len(SERVICES))
        self.requests: Counter[str] = Counter()

    async def live(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def ready(self, _: web.Request) -> web.Response:
        return web.json_response({"dependencies": {"postgresql": True}})

    async def metrics(self, request: web.Request) -> web.Response:
        self.requests[request.path] += 1
        await self.all_asked.wait()
        return web.Response(text="".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in METRICS.items()))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Surroundings]:
        app = web.Application()
        for path, answer in (("live", self.live), ("ready", self.ready), ("metrics", self.metrics)):
            app.router.add_get(f"/{{service}}/{path}", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield Surroundings(WatchSettings(watch_services={name: f"{url}/{name}" for name in SERVICES}))
        finally:
            await runner.cleanup()


async def test_services_that_wait_for_a_hanging_server_are_asked_at_once_and_once() -> None:
    slow = SlowServices()
    async with slow.serving() as around:
        checks = [check.look(around) for check in (services, lag, ledger, dead_letters)]
        (finding,), *others = await asyncio.gather(*checks)
    assert (finding.kind, finding.values["server"]) == (FindingKind.SERVER_AWAY, "Kafka")
    assert finding.values["services"] == ", ".join(SERVICES)
    assert others == [[], [], []]
    assert slow.requests == dict.fromkeys((f"/{name}/metrics" for name in SERVICES), 1)

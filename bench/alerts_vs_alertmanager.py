"""`python -m bench.alerts_vs_alertmanager` compares Dayar with Prometheus's Alertmanager: latency and loss, in one run.

Dayar gets Extreme hazards by HTTP and sends a webhook for each hazard. Alertmanager gets the same number of alerts by
its API. Each alert is its own group, and Alertmanager sends a webhook for each group. Alertmanager runs once with its
default `group_wait` of 30 seconds, and once with `group_wait: 0s`. Each system is measured twice: once undisturbed, and
once while SIGKILL ends the process that sends the webhooks. The killed process is started again at once. A client
repeats a request until the request is accepted. An accepted alert is lost if its webhook has not come after a minute.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import uuid4

import httpx
import uvloop
from aiohttp import web

from bench.alert_latency import PLACE, Pass
from bench.intake import ACCOUNTS, Bench, bench
from deploy.local import paths
from deploy.local.process import Process
from services.alerts.config import AlertsSettings
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from shared.postgres import database
from tests.waiting import wait_for

PROGRAM = "prometheus-alertmanager"
INSTALLS = f"apt-get install --yes --no-install-recommends {PROGRAM}"
LOST_AFTER_SECONDS = 60.0
WARM_UP = 100
CONFIGURATION = """
route: {{ receiver: bench, group_by: [id]{waits} }}
receivers: [{{ name: bench, webhook_configs: [{{ url: "{url}", send_resolved: false }}] }}]
"""


class Arrivals:
    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.port = 0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield
        finally:
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        now = asyncio.get_running_loop().time()
        for id in ids(body):
            self.at.setdefault(id, now)
            self.counts[id] += 1
        return web.Response()


def ids(body: dict[str, Any]) -> list[str]:
    if "alerts" in body:
        return [alert["labels"]["id"] for alert in body["alerts"]]
    return [body["data"]["report_id"]]


class System(Protocol):
    name: str

    async def start(self) -> None: ...

    async def restart(self) -> None: ...

    async def post(self, client: httpx.AsyncClient, id: str) -> httpx.Response: ...

    def stop(self) -> None: ...


class Dayar:
    name = "Dayar"

    def __init__(self, made: Bench, arrivals: Arrivals) -> None:
        self.installation, self.made, self.arrivals = made.installation, made, arrivals
        tokens = [made.installation.token(roles=[Role.OPERATOR], sources=["cmc"]) for _ in range(ACCOUNTS)]
        self.tokens = itertools.cycle(tokens)
        self.port = 0
        self.worker: Process

    async def start(self) -> None:
        settings = self.installation.settings(AlertsSettings)
        async with database.opened(settings) as engine, database.sessions(engine).begin() as session:
            receiver = Receiver("bench", DeliveryChannel.WEBHOOK, self.arrivals.url)
            await subscriptions.put(session, receiver, WebhookSecrets(settings.alerts_key_file))
        _, self.port = self.made.ours()
        self._start_worker()

    def _start_worker(self) -> None:
        env = {"OUTBOUND_ALLOW": json.dumps([f"127.0.0.1:{self.arrivals.port}"]), "KAFKA_GROUP_INSTANCE": "bench"}
        self.worker = self.installation.start("alerts", "worker", env=env)

    async def restart(self) -> None:
        self.worker.kill9()
        self._start_worker()

    async def post(self, client: httpx.AsyncClient, id: str) -> httpx.Response:
        now = datetime.now(UTC).isoformat()
        times = {"onset": now, "reported_at": now}
        what = {"type": "mudflow", "severity": "Extreme", "area": {"pcodes": [PLACE]}}
        body = {"report_id": id, "source": "cmc", "source_id": id, **what, **times}
        headers = {"authorization": f"Bearer {next(self.tokens)}"}
        return await client.post(f"http://127.0.0.1:{self.port}/v1/hazards", json=body, headers=headers)

    def stop(self) -> None:
        self.worker.stop()


class Alertmanager:
    def __init__(self, name: str, folder: Path, arrivals: Arrivals, *, waits: str) -> None:
        self.name = name
        self.port = paths.free_port()
        configuration = folder / "alertmanager.yml"
        configuration.write_text(CONFIGURATION.format(url=arrivals.url, waits=waits), encoding="utf-8")
        self.process = Process(
            PROGRAM,
            [
                shutil.which(PROGRAM) or PROGRAM,
                f"--config.file={configuration}",
                f"--storage.path={folder}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            run=folder,
            logs=folder,
        )

    async def start(self) -> None:
        self.process.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            await wait_for(lambda: self._is_ready(client))

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        assert self.process.is_running, self.process.log_tail()
        with contextlib.suppress(httpx.TransportError):
            return (await client.get(f"http://127.0.0.1:{self.port}/-/ready")).is_success
        return False

    async def restart(self) -> None:
        self.process.kill9()
        self.process.start()

    async def post(self, client: httpx.AsyncClient, id: str) -> httpx.Response:
        alert = {"labels": {"alertname": "bench", "id": id}, "startsAt": datetime.now(UTC).isoformat()}
        return await client.post(f"http://127.0.0.1:{self.port}/api/v2/alerts", json=[alert])

    def stop(self) -> None:
        self.process.stop()


async def send(system: System, arrivals: Arrivals, count: int, rate: float, *, kills: bool = False) -> dict[str, float]:
    loop, due = asyncio.get_running_loop(), dict[str, float]()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client, asyncio.TaskGroup() as group:
        began = loop.time()
        for number in range(count):
            id = str(uuid4())
            due[id] = began + number / rate
            await asyncio.sleep(due[id] - loop.time())
            group.create_task(accepted(system, client, id))
            if kills and number == count // 2:
                await system.restart()
    with contextlib.suppress(AssertionError):
        await wait_for(lambda: due.keys() <= arrivals.at.keys(), LOST_AFTER_SECONDS)
    return due


async def accepted(system: System, client: httpx.AsyncClient, id: str) -> None:
    while True:
        with contextlib.suppress(httpx.TransportError):
            if (await system.post(client, id)).is_success:
                return
        await asyncio.sleep(0.1)


async def measure(system: System, arrivals: Arrivals, count: int, rate: float) -> int:
    await system.start()
    try:
        await send(system, arrivals, WARM_UP, rate)
        due = await send(system, arrivals, count, rate)
        late = Pass(system.name, tuple(1000 * (arrivals.at[id] - due[id]) for id in due if id in arrivals.at))
        killed = await send(system, arrivals, count, rate, kills=True)
    finally:
        system.stop()
    lost, lost_by_kill = missing(due, arrivals), missing(killed, arrivals)
    repeated = sum(arrivals.counts[id] > 1 for id in killed)
    print(f"{late}   lost {lost} of {count}; killed once: lost {lost_by_kill}, repeated {repeated}", flush=True)
    return lost + lost_by_kill


def missing(due: dict[str, float], arrivals: Arrivals) -> int:
    return len(due.keys() - arrivals.at.keys())


async def compare(made: Bench, folder: Path, count: int, rate: float) -> int:
    arrivals = Arrivals()
    async with arrivals.listening():
        lost = await measure(Dayar(made, arrivals), arrivals, count, rate)
        for name, waits in (("Alertmanager default", ""), ("Alertmanager 0s", ", group_wait: 0s")):
            own = folder / name
            own.mkdir()
            await measure(Alertmanager(name, own, arrivals, waits=waits), arrivals, count, rate)
    print(f"Dayar lost {lost} alerts (promised 0)")
    return 1 if lost else 0


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--alerts", type=int, default=1_000)
    options.add_argument("--rate", type=float, default=50.0)
    chosen = options.parse_args(arguments)
    if shutil.which(PROGRAM) is None:
        print(f"Alertmanager is not installed. Install it with:\n  {INSTALLS}")
        return 1
    with bench() as made, TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(compare(made, Path(folder), chosen.alerts, chosen.rate))


if __name__ == "__main__":
    raise SystemExit(main())

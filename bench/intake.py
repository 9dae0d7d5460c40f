"""Starts the servers, makes reports, measures passes and counts published reports, for both benchmarks of intake."""

import argparse
import asyncio
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import uvloop

from bench import load
from bench.processes import cpu, family
from deploy.local import paths
from deploy.local.process import Process, wait_until
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.components import components
from tests.installation import Ground, Installation
from tests.journeys.count import everything
from tests.waiting import wait_for

REPORT_ID = re.compile(rb'"report_id": "([0-9a-f-]{36})"')
ACCOUNTS = 32
DISPLACEMENTS, BATCH = "/v1/displacements", "/v1/reports:batch"
PASS_SECONDS = 60  # seconds of a pass; a longer pass would meet more load of other programs


@dataclass(frozen=True, slots=True)
class Pass:
    name: str
    reports: int
    seconds: float
    cpu: dict[str, float]
    statuses: Counter[int]

    @property
    def rate(self) -> float:
        return self.reports / self.seconds

    def __str__(self) -> str:
        cpu = ", ".join(f"{who} {1000 * seconds / self.reports:.3f}" for who, seconds in self.cpu.items())
        return f"{self.name:<24}{self.rate:9.0f} reports/s   CPU ms a report: {cpu}   {dict(self.statuses)}"


class Bench:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        # with 32 accounts, each account stays below its limit of concurrent requests
        self.tokens = [installation.token(roles=[Role.FIELD], channel=SubmissionChannel.FIELD) for _ in range(ACCOUNTS)]
        self.sent: set[str] = set()
        self.is_void = False
        self._intake: Process | None = None

    def ours(self, *command: str) -> tuple[Process, int]:
        """Start intake, and wait until its dependencies are available.

        While a dependency is unavailable, intake would spool every report.
        """
        self._intake, port = self._started(*(command or ("services.intake", "web")))
        if not wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/ready").is_success, timeout=60, every=0.2):
            raise RuntimeError(self._intake.log_tail())
        return self._intake, port

    def plain(self) -> tuple[Process, int]:
        return self._started("bench.plain")

    def _started(self, *command: str) -> tuple[Process, int]:
        port = paths.free_port()
        process = self.installation.run(*command, env={"PORT": str(port)})
        if (
            not wait_until(lambda: not paths.is_free(port) or not process.is_running, timeout=30)
            or not process.is_running
        ):
            raise RuntimeError(process.log_tail())
        return process, port

    async def timed(
        self,
        name: str,
        server: tuple[Process, int],
        path: str,
        bodies: Sequence[bytes],
        *,
        reports_each: int = 1,
        connections: int = load.CONNECTIONS,
        status: int = 202,
    ) -> Pass:
        """An answer with another status makes the pass void, because a refusal takes less time than a report."""
        process, port = server
        requests = load.posts(path, bodies, port=port, tokens=self.tokens)
        watched = {
            "server": family([process.pid]),
            "client": [psutil.Process()],
            "components": family(self._components()),
        }
        before = {who: cpu(processes) for who, processes in watched.items()}
        try:
            async with asyncio.timeout(PASS_SECONDS):
                run = await load.send(port, requests, connections=connections)
        except TimeoutError:
            raise SystemExit(f"{name}: not all of {len(bodies)} requests were answered in {PASS_SECONDS} s") from None
        spent = {who: cpu(processes) - before[who] for who, processes in watched.items()}
        result = Pass(name, reports_each * len(bodies), run.seconds, spent, run.statuses)
        print(result, flush=True)
        self.is_void |= run.statuses != Counter({status: len(bodies)})
        if process is self._intake:
            self.sent |= ids(bodies)
        return result

    def _components(self) -> list[int]:
        return [server.process.pid for server in self.installation.components.started]

    async def balances(self, port: int) -> bool:
        headers = {"authorization": f"Bearer {self.installation.token(roles=[Role.OPERATOR])}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            await wait_for(lambda: self.has_drained(client), timeout=120)
            counts = (await client.get("/v1/ledger")).json()["admission"]
        records = await everything(self.installation, "displacements", "registry")
        logged = {json.loads(record.value)["report_id"] for record in records}
        print(
            f"count check: {counts['sent']} sent = {counts['accepted']} accepted + {counts['spooled']} spooled"
            f" + {counts['duplicate']} duplicate + {counts['refused']} refused; {len(records)} on the log"
        )
        is_whole = counts["sent"] == counts["accepted"] == len(self.sent) == len(records) and logged == self.sent
        return is_whole and not self.is_void

    async def has_drained(self, client: httpx.AsyncClient) -> bool:
        return bool((await client.get("/v1/ledger")).json()["spool"]["records"] == 0)


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder, components(own=True) as own:
        installation = Installation(Ground(own), Path(folder) / "installation")
        try:
            yield Bench(installation)
        finally:
            for process in installation.processes:
                process.stop()


def reports(count: int, *, persons: int = 5) -> list[bytes]:
    template = json.dumps(household(persons)).encode()
    report_id, household_id = b"00000000-0000-4000-8000-000000000001", b"00000000-0000-4000-8000-000000000002"
    return [
        template.replace(report_id, str(uuid4()).encode()).replace(household_id, str(uuid4()).encode())
        for _ in range(count)
    ]


def ids(bodies: Iterable[bytes]) -> set[str]:
    return {report_id.decode() for body in bodies for report_id in REPORT_ID.findall(body)}


def household(persons: int) -> dict[str, object]:
    return {
        "kind": "household",
        "report_id": "00000000-0000-4000-8000-000000000001",
        "household_id": "00000000-0000-4000-8000-000000000002",
        "occurred_at": "2026-05-02T04:30:00+06:00",
        "reported_at": "2026-05-02T11:02:17+06:00",
        "mobility": "evacuation",
        "origin": {"pcode": "KG05258000000"},
        "destination": {"pcode": "KG05430000010"},
        "destination_point": {"lat": 40.256, "lon": 72.128, "accuracy": 12},
        "persons": persons,
        "reasons": ["natural_disaster"],
        "hazard_type": "mudflow",
        "shelter": "host_family",
        "needs": ["food", "non_food_items"],
        "phone": "+996 555 010203",
        "legal_basis": "vital_interest",
        "members": [
            {
                "member_id": f"00000000-0000-4000-8000-00000000001{number}",
                "relationship": "head" if number == 0 else "child",
                "sex": "female",
                "birth_date": f"19{90 - number}-03-14",
                "given_name": "Айгүл",
                "family_name": "Бенч уулу",
            }
            for number in range(persons)
        ],
    }


Measure = Callable[[Bench, int, int], Coroutine[Any, Any, int]]


def run(measure: Measure, description: str | None, *, reports: int) -> int:
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--reports", type=int, default=reports)
    options.add_argument("--persons", type=int, default=5)
    arguments = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, arguments.reports, arguments.persons))


def verdict(ours: Sequence[Pass], plain: Sequence[Pass], *, promised: float, balanced: bool) -> int:
    ratio = sum(result.seconds for result in plain) / sum(result.seconds for result in ours)
    of_cpu = sum(result.cpu["server"] for result in plain) / sum(result.cpu["server"] for result in ours)
    print(f"ratio {ratio:.2f} (promised {promised}); of the servers' CPU alone {of_cpu:.2f}")
    if not balanced:
        print("VOID: not every report was accepted and is on the log exactly once")
    return 0 if balanced and ratio >= promised else 1

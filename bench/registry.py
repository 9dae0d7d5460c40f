"""`python -m bench.registry` measures the time from Kafka to committed rows, for reports of a family of five.

Pass B runs as many of the registry's consumers as `make run` starts. The consumers read and decrypt the
reports, apply the registry's rules, and encrypt the rows. In one transaction, a consumer commits the rows of all tables
and the offsets of a batch. Pass B is also measured with a single consumer. For comparison, pass A only writes the same
rows by COPY, in as many transactions as pass B has batches.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import psutil
import uvloop
from confluent_kafka import KafkaException
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.processes import cpu, family
from deploy.local.stack import WORKERS
from services.registry.config import RegistrySettings
from shared.config import Settings, secret
from shared.events import Message
from shared.messaging.publisher import Publisher
from shared.postgres import database
from tests.components import components
from tests.installation import Ground, Installation
from tests.registry.factories import Desk, household
from tests.waiting import wait_for

TABLES = (
    "inbox",
    "household_keys",
    "reports",
    "households",
    "members",
    "episodes",
    "outbox",
    "ledger",
    "consumer_offsets",
    "search_keys",
    "uncompared_households",
)
RESTART = f"TRUNCATE {', '.join(TABLES)}, dead_letters"
TOLD = "SELECT value FROM outbox WHERE topic = 'outcomes'"
PROMISED = 0.4


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Pass:
    """`workers` is None in pass A, because pass A only copies rows."""

    workers: int | None
    seconds: float
    own_cpu: float
    components_cpu: float

    @property
    def cpu(self) -> float:
        return self.own_cpu + self.components_cpu

    def __str__(self) -> str:
        name = "A copy" if self.workers is None else f"B registry, {self.workers} at work"
        cpu_times = f"own {self.own_cpu:5.2f} s, components {self.components_cpu:5.2f} s"
        return f"{name:<21} {self.seconds:6.2f} s   CPU: {cpu_times}"


class Bench:
    def __init__(self, installation: Installation, reports: int) -> None:
        self.installation, self.reports = installation, reports
        self.settings = installation.settings(RegistrySettings)
        self.engine: AsyncEngine = database.engine(self.settings)
        self.components = [server.process.pid for server in installation.components.started]
        self.passes: list[Pass] = []
        self.admin = installation.components.broker.admin()
        self.report_ids: set[str] = set()
        self.is_void = False

    async def run(self) -> bool:
        await self.fill()
        await self.consume(WORKERS["registry"])
        self.passes.clear()
        rows = await self.rows()
        for _ in range(2):
            for workers in (WORKERS["registry"], 1):
                await self.copy(rows)
                await self.consume(workers)
        await self.engine.dispose()
        self.report(rows)
        return not self.is_void

    @contextmanager
    def timed(self, workers: int | None, processes: Sequence[psutil.Process]) -> Iterator[None]:
        own, others, began = cpu(processes), cpu(family(self.components)), time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self.passes.append(Pass(workers, seconds, cpu(processes) - own, cpu(family(self.components)) - others))

    async def fill(self) -> None:
        desk, author, team = Desk(self.installation.secrets / "seal"), uuid4(), uuid4()
        async with Publisher(self.installation.settings(Settings, "intake")) as publisher:
            for start in range(0, self.reports, 1000):
                count = min(1000, self.reports - start)
                bodies = [household() for _ in range(count)]
                self.report_ids.update(body["report_id"] for body in bodies)
                batch: list[Message] = [desk.message(body, author=author, team=team) for body in bodies]
                await publisher.publish_all(batch, timeout=60)

    async def consume(self, workers: int) -> None:
        await self.execute(RESTART)
        opened = [self.installation.folder / f"opened-{number}" for number in range(workers)]
        laid, go = [file.with_suffix(".laid") for file in opened], self.installation.folder / "go"
        processes = [self.installation.run("bench.filing", str(file), str(go)) for file in opened]
        await wait_for(lambda: all(file.exists() for file in laid), timeout=60)
        async with self.positions_held():
            go.touch()
            await wait_for(lambda: self.share(workers), timeout=60)
        await wait_for(lambda: any(file.exists() for file in opened), timeout=60, every=0.002)
        with self.timed(workers, [psutil.Process(process.pid) for process in processes]):
            await wait_for(self.all_committed, timeout=600, every=0.005)
        for process, file in zip(processes, opened, strict=True):
            await asyncio.to_thread(process.stop)
            file.unlink(missing_ok=True)
        for file in (*laid, go):
            file.unlink()
        self.is_void |= not await self.balances()

    @asynccontextmanager
    async def positions_held(self) -> AsyncIterator[None]:
        """Lock the table of offsets, so that no consumer starts to read."""
        connection = await self.connection()
        async with connection.transaction():
            await connection.execute("LOCK TABLE consumer_offsets IN ACCESS EXCLUSIVE MODE")
            yield
        await connection.close()

    async def share(self, workers: int) -> bool:
        group = self.settings.topic_prefix + "registry"
        described = self.admin.describe_consumer_groups([group])[group]
        try:
            members = (await asyncio.to_thread(described.result)).members
        # the broker raises this error while the group's coordinator loads or moves
        except KafkaException:
            return False
        return len(members) == workers and all(member.assignment.topic_partitions for member in members)

    async def all_committed(self) -> bool:
        read = await self.value("SELECT coalesce(sum(next_offset - first_offset), 0) FROM consumer_offsets")
        return bool(read >= self.reports)

    async def copy(self, tables: Sequence[Table]) -> None:
        await self.execute(RESTART)
        connection = await self.connection()
        steps = -(-self.reports // self.settings.registry_batch)
        with self.timed(None, [psutil.Process()]):
            for step in range(steps):
                async with connection.transaction():
                    for table in tables:
                        share = table.rows[len(table.rows) * step // steps : len(table.rows) * (step + 1) // steps]
                        if share:
                            await connection.copy_records_to_table(table.name, records=share, columns=table.columns)
        await connection.close()

    async def connection(self) -> "asyncpg.Connection[asyncpg.Record]":
        password = secret(self.settings.database_password_file)
        connection = await asyncpg.connect(self.settings.database_url, password=password)
        await connection.execute("SET search_path = registry")
        return connection

    async def rows(self) -> list[Table]:
        return [await self.table(name) for name in TABLES]

    async def table(self, name: str) -> Table:
        async with database.sessions(self.engine).begin() as session:
            connection = await database.driver(session)
            columns = [
                row["column_name"]
                for row in await connection.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'registry' "
                    "AND table_name = $1 AND is_identity = 'NO' AND is_generated = 'NEVER' ORDER BY ordinal_position",
                    name,
                )
            ]
            quoted = ", ".join(f'"{column}"' for column in columns)
            rows = await connection.fetch(f"SELECT {quoted} FROM {name} ORDER BY ctid")
            return Table(name, tuple(columns), [tuple(row) for row in rows])

    async def balances(self) -> bool:
        read = await self.value("SELECT sum(next_offset - first_offset) FROM consumer_offsets")
        counted = await self.value("SELECT sum(count) FROM ledger")
        recorded = await self.value("SELECT sum(count) FROM ledger WHERE kind = 'recorded'")
        counts = [
            await self.value(f"SELECT count(*) FROM {table}")
            for table in ("households", "episodes", "inbox", "reports")
        ]
        members = await self.value("SELECT count(*) FROM members")
        settled = [json.loads(value)["report_id"] for value in await self.values(TOLD)]
        is_each = len(settled) == self.reports and set(settled) == self.report_ids
        return is_each and {read, counted, recorded, *counts} == {self.reports} and members == 5 * self.reports

    async def values(self, query: str) -> list[Any]:
        async with database.sessions(self.engine).begin() as session:
            return [row[0] for row in await (await database.driver(session)).fetch(query)]

    async def execute(self, statement: str) -> None:
        async with database.sessions(self.engine).begin() as session:
            await (await database.driver(session)).execute(statement)

    async def value(self, query: str) -> int:
        async with database.sessions(self.engine).begin() as session:
            return int(await (await database.driver(session)).fetchval(query))

    def report(self, tables: Sequence[Table]) -> None:
        rows = sum(len(table.rows) for table in tables)
        print(
            f"{self.reports} reports of five persons, {rows / self.reports:.1f} rows each, "
            f"batches of {self.settings.registry_batch}"
        )
        for result in self.passes:
            print(f"{result}   {self.reports / result.seconds:6.0f} reports/s, {rows / result.seconds:7.0f} rows/s")
        for workers in sorted({result.workers for result in self.passes if result.workers}):
            of_cpu = self.ratio_of_cpu(workers)
            print(f"ratio B/A, {workers} at work: {self.ratio(workers):.2f}; of the CPU times alone {of_cpu:.2f}")
        print(f"promised: {PROMISED}, by the {WORKERS['registry']} that one machine runs")

    def ratio(self, workers: int) -> float:
        pairs = self.pairs(workers)
        return sum(a.seconds for a, _ in pairs) / sum(b.seconds for _, b in pairs)

    def ratio_of_cpu(self, workers: int) -> float:
        """Other programs slow down passes B more than passes A, because passes B need more than one core.

        The ratio compares CPU times, because other programs do not change CPU times.
        """
        pairs = self.pairs(workers)
        return sum(a.cpu for a, _ in pairs) / sum(b.cpu for _, b in pairs)

    def pairs(self, workers: int) -> list[tuple[Pass, Pass]]:
        return [(a, b) for a, b in pairwise(self.passes) if b.workers == workers]


async def measure(installation: Installation, reports: int) -> bool:
    bench = Bench(installation, reports)
    if not await bench.run():
        print("the counts do not balance: this run is void")
        return False
    return bench.ratio(WORKERS["registry"]) >= PROMISED


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--reports", type=int, default=20_000)
    chosen = arguments.parse_args()
    with components(own=True) as servers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(servers)
        installation = Installation(ground, Path(folder) / "installation")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            is_kept = runner.run(measure(installation, chosen.reports))
        installation.remove()
        ground.remove()
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())

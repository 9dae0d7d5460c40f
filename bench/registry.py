"""`python -m bench.registry`: reports of a family of five, from Kafka to committed rows, against COPY of the same rows.

A = asyncpg COPY of the very rows that B wrote, same batches, one transaction each, nothing else done.
B = the registry's consumer: read, opened, decided, sealed, and households, members, episodes, history, inbox, ledger,
    outbox and positions committed together.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import psutil
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bench.processes import cpu, family
from services.registry.config import RegistrySettings
from services.registry.handlers import Registrar
from services.registry.opening import ReportOpener
from services.registry.vault import Vault
from services.registry.worker import settle_garbage
from shared import database
from shared.config import Settings, secret
from shared.consumer import Consumer
from shared.events import Message
from shared.places import Places
from shared.publisher import Publisher
from shared.readings import Outcome, Received, Record
from shared.seal import Opener, Sealer
from tests.installation import Ground, Installation
from tests.parts import Parts, parts
from tests.registry.factories import Desk, household

TABLES = (
    "inbox", "household_keys", "reports", "households", "members", "episodes", "outbox", "ledger", "consumer_offsets",
    "search_keys",
)  # fmt: skip
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
    name: str
    seconds: float
    own_cpu: float
    parts_cpu: float

    def __str__(self) -> str:
        return f"{self.name}  {self.seconds:6.2f} s   CPU: own {self.own_cpu:5.2f} s, parts {self.parts_cpu:5.2f} s"


class Meter:
    """CPU of this process and of the parts, over a stretch."""

    def __init__(self, parts: Parts) -> None:
        self._own = psutil.Process()
        self._parts = [part.process.pid for part in parts.started]

    @contextmanager
    def timed(self, passes: list[Pass], name: str) -> Iterator[None]:
        own, others, began = cpu([self._own]), cpu(family(self._parts)), time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        passes.append(Pass(name, seconds, cpu([self._own]) - own, cpu(family(self._parts)) - others))


class Bench:
    def __init__(self, installation: Installation, reports: int) -> None:
        self.installation, self.reports = installation, reports
        self.settings = installation.settings(RegistrySettings)
        self.engine: AsyncEngine = database.engine(self.settings)
        self.meter = Meter(installation.parts)
        self.passes: list[Pass] = []
        self.report_ids: set[str] = set()
        self.is_void = False

    async def run(self) -> bool:
        """Whether every pass settled every report, once."""
        await self.fill()
        await self.consume([])
        rows = await self.rows()
        for _ in range(2):
            await self.copy(rows)
            await self.consume(self.passes)
        await self.engine.dispose()
        self.report(rows)
        return not self.is_void

    async def fill(self) -> None:
        """The log, written before anything is timed."""
        desk, author, team = Desk(self.installation.secrets / "seal"), uuid4(), uuid4()
        async with Publisher(self.installation.settings(Settings, "intake")) as publisher:
            for start in range(0, self.reports, 1000):
                count = min(1000, self.reports - start)
                bodies = [household() for _ in range(count)]
                self.report_ids.update(body["report_id"] for body in bodies)
                batch: list[Message] = [desk.message(body, author=author, team=team) for body in bodies]
                await publisher.publish_all(batch, timeout=60)

    async def consume(self, passes: list[Pass]) -> None:
        """Timed from the first record opened to the last one committed."""
        await self.execute(RESTART)
        settle_garbage()
        watched = Watched(self.settings, self.reports)
        consumer = Consumer(
            "registry", ["displacements"], watched.handle, settings=self.settings,
            sessions=database.sessions(self.engine), opener=watched.open, max_records=self.settings.registry_batch,
            sealer=Sealer(self.settings.seal_public_key_file),
        )  # fmt: skip
        running = asyncio.create_task(consumer.run())
        await watched.began.wait()
        with self.meter.timed(passes, "B registry"):
            await watched.handled.wait()
            while await self.value("SELECT sum(next_offset - first_offset) FROM consumer_offsets") < self.reports:
                await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.wait([running])
        self.is_void |= not await self.balances()

    async def copy(self, tables: Sequence[Table]) -> None:
        await self.execute(RESTART)
        connection = await asyncpg.connect(
            self.settings.database_url, password=secret(self.settings.database_password_file)
        )
        await connection.execute("SET search_path = registry")
        steps = -(-self.reports // self.settings.registry_batch)
        with self.meter.timed(self.passes, "A copy    "):
            for step in range(steps):
                async with connection.transaction():
                    for table in tables:
                        share = table.rows[len(table.rows) * step // steps : len(table.rows) * (step + 1) // steps]
                        if share:
                            await connection.copy_records_to_table(table.name, records=share, columns=table.columns)
        await connection.close()

    async def rows(self) -> list[Table]:
        """What the registry wrote, as COPY takes it."""
        return [await self.table(name) for name in TABLES]

    async def table(self, name: str) -> Table:
        async with database.sessions(self.engine).begin() as session:
            connection = await database.driver(session)
            columns = [
                row["column_name"]
                for row in await connection.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'registry' AND table_name = $1"
                    " AND is_identity = 'NO' ORDER BY ordinal_position", name,
                )
            ]  # fmt: skip
            quoted = ", ".join(f'"{column}"' for column in columns)
            rows = await connection.fetch(f"SELECT {quoted} FROM {name} ORDER BY ctid")
            return Table(name, tuple(columns), [tuple(row) for row in rows])

    async def balances(self) -> bool:
        """Every position is in the ledger; every report, by its id, has its outcome, and its family all its rows."""
        read = await self.value("SELECT sum(next_offset - first_offset) FROM consumer_offsets")
        counted = await self.value("SELECT sum(count) FROM ledger")
        recorded = await self.value("SELECT sum(count) FROM ledger WHERE kind = 'recorded'")
        found = [
            await self.value(f"SELECT count(*) FROM {table}")
            for table in ("households", "episodes", "inbox", "reports")
        ]
        members = await self.value("SELECT count(*) FROM members")
        told = [json.loads(value)["report_id"] for value in await self.values(TOLD)]
        is_each = len(told) == self.reports and set(told) == self.report_ids
        return is_each and {read, counted, recorded, *found} == {self.reports} and members == 5 * self.reports

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
            f"{self.reports} reports of five persons, {rows / self.reports:.1f} rows each, batches of {self.settings.registry_batch}"
        )
        for one in self.passes:
            print(f"{one}   {self.reports / one.seconds:6.0f} reports/s, {rows / one.seconds:7.0f} rows/s")
        print(f"ratio B/A: {self.ratio:.2f}  (promised {PROMISED})")

    @property
    def ratio(self) -> float:
        copied = sum(one.seconds for one in self.passes if one.name.startswith("A"))
        return copied / sum(one.seconds for one in self.passes if one.name.startswith("B"))


class Watched:
    """The registry's own opener and handler; says when the first record is opened, and when the last one is handled."""

    def __init__(self, settings: RegistrySettings, reports: int) -> None:
        self._opener = ReportOpener(Opener(settings.seal_private_keys))
        self._registrar = Registrar(Vault(settings.registry_kek_file), Places.load())
        self._left = reports
        self.began, self.handled = asyncio.Event(), asyncio.Event()

    def open(self, record: Record) -> Received:
        self.began.set()
        return self._opener(record)

    async def handle(self, received: Sequence[Received], session: AsyncSession) -> Sequence[Outcome]:
        outcomes = await self._registrar.file_reports(received, session)
        self._left -= len(outcomes)
        if self._left <= 0:
            self.handled.set()
        return outcomes


async def measure(installation: Installation, reports: int) -> bool:
    bench = Bench(installation, reports)
    if not await bench.run():
        print("the counts do not balance: this run is void")
        return False
    return bench.ratio >= PROMISED


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--reports", type=int, default=20_000)
    chosen = arguments.parse_args()
    with parts(own=True) as found, tempfile.TemporaryDirectory() as folder:
        ground = Ground(found)
        installation = Installation(ground, Path(folder) / "installation")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            is_kept = runner.run(measure(installation, chosen.reports))
        installation.remove()
        ground.remove()
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())

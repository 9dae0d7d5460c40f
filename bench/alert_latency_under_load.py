"""`python -m bench.alert_latency_under_load` measures the latency of hazards while households arrive.

Pass A measures hazards alone. Pass B measures the same hazards while households arrive in addition to 100,000 known
households. The p99 latency in pass B may be at most twice the p99 latency in pass A. The benchmark measures the alerts
service's CPU time per arriving household, with 10,000 and with 100,000 known households. Known households are copied
into the service's tables. Arriving households are published as events.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.alert_latency import Latency, Pass, balances, spent
from bench.intake import Bench, bench
from services.alerts.config import AlertsSettings
from shared import events
from shared.config import Settings
from shared.events import HouseholdRegistered, Message, Place
from shared.events.vocabulary import Mobility, Precision, Reason, Status
from shared.messaging.publisher import Publisher
from shared.places import Places
from shared.postgres import database
from tests.hooks import listening
from tests.waiting import wait_for

PROMISED_SLOWER, PROMISED_DEARER = 2.0, 1.2
ROUNDS = 2
DAYS, CHUNK = 3_650, 2_000
COUNTS = "households, departures, resident_counts, departed_by_destination, exposures"
SETTLED = "SELECT coalesce(sum(next_offset), 0) FROM consumer_offsets WHERE topic = 'households'"


@dataclass(frozen=True, slots=True)
class Cost:
    known: int
    milliseconds: float
    alerts: float
    components: float

    def __str__(self) -> str:
        return (
            f"{self.known:>7} known: {self.milliseconds:6.2f} ms a household,"
            f" CPU {self.alerts + self.components:6.2f} ms (alerts {self.alerts:.2f}, components {self.components:.2f})"
        )


class Load:
    """Known and arriving households.

    The departures are spread over ten years. Ten departures from one district on one day would raise an alert and
    distort the result.
    """

    def __init__(self, latency: Latency, engine: AsyncEngine) -> None:
        self.latency, self.engine, self.draw = latency, engine, Random(1)
        self.areas = [unit.pcode for unit in Places.load().units() if unit.level == 2]
        self.published = 0

    async def know(self, number: int) -> None:
        """Copies the households in several transactions, because triggers count each household."""
        await self._transact(f"TRUNCATE {COUNTS}")
        for first in range(0, number, CHUNK):
            rows = [self.household() for _ in range(min(CHUNK, number - first))]
            async with database.sessions(self.engine).begin() as session:
                connection = await database.driver(session)
                await copy(connection, "households", known_rows(rows))
                await copy(connection, "departures", departure_rows(rows))
        await self._settle()

    async def _settle(self) -> None:
        """Vacuum now, so that PostgreSQL does not vacuum while the arriving households are measured."""
        async with self.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text(f"VACUUM (ANALYZE) {COUNTS}"))

    async def _transact(self, statement: str) -> None:
        async with database.sessions(self.engine).begin() as session:
            await session.execute(text(statement))

    def household(self) -> HouseholdRegistered:
        today = datetime.now(UTC).date()
        return HouseholdRegistered(
            household_id=uuid4(),
            report_id=uuid4(),
            version=1,
            sequence=1,
            status=Status.ACTUAL,
            occurred_on=today - timedelta(days=self.draw.randrange(DAYS)),
            occurred_on_precision=Precision.DAY,
            recorded_on=today,
            mobility=Mobility.DISPLACEMENT,
            origin=Place(pcode=self.draw.choice(self.areas)),
            destination=Place(pcode=self.draw.choice(self.areas)),
            persons=5,
            reasons=(Reason.NATURAL_DISASTER,),
            author=uuid4(),
        )

    async def cost(self, publisher: Publisher, known: int, count: int) -> Cost:
        await self.know(known)
        messages = [message(self.household()) for _ in range(count)]
        with spent(self.latency.processes) as used:
            began = time.perf_counter()
            await publisher.publish_all(messages, timeout=60)
            self.published += count
            await wait_for(self.all_settled, timeout=300)
            seconds = time.perf_counter() - began
        cost = Cost(known, *(1000 * amount / count for amount in (seconds, used["alerts"], used["components"])))
        print(cost, flush=True)
        return cost

    async def all_settled(self) -> bool:
        async with database.sessions(self.engine).begin() as session:
            return int(await session.scalar(text(SETTLED)) or 0) >= self.published

    @asynccontextmanager
    async def arriving(self, publisher: Publisher, rate: float) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._arrive(publisher, rate))
            yield
            task.cancel()
        await wait_for(self.all_settled, timeout=300)

    async def _arrive(self, publisher: Publisher, rate: float) -> None:
        began, number = time.perf_counter(), 0
        while True:
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            number += 1
            self.published += 1
            await asyncio.shield(publisher.publish(message(self.household()), timeout=60))


def message(household: HouseholdRegistered) -> Message:
    return events.message(household, id=str(uuid4()), source="/registry", time=datetime.now(UTC))


async def copy(connection: Any, table: str, rows: Iterator[dict[str, Any]]) -> None:
    listed = list(rows)
    records = [tuple(row.values()) for row in listed]
    await connection.copy_records_to_table(table, records=records, columns=tuple(listed[0]))


def known_rows(households: Sequence[HouseholdRegistered]) -> Iterator[dict[str, Any]]:
    for household in households:
        yield {
            "household_id": household.household_id,
            "sequence": 1,
            "status": household.status,
            "mobility": household.mobility,
            "origin_area": household.origin.pcode,
            "destination_area": household.destination.pcode,
            "departed_on": household.occurred_on,
        }


def departure_rows(households: Sequence[HouseholdRegistered]) -> Iterator[dict[str, UUID | str | date | int | None]]:
    for household in households:
        yield {
            "report_id": household.report_id,
            "household_id": household.household_id,
            "status": household.status,
            "mobility": household.mobility,
            "area": household.origin.pcode,
            "occurred_on": household.occurred_on,
            "persons": household.persons,
            "destination_area": household.destination.pcode,
        }


async def measure(made: Bench, arguments: argparse.Namespace) -> int:
    async with listening() as hook, Publisher(made.installation.settings(Settings, "registry")) as publisher:
        latency = Latency(made, hook, arguments.hazard_rate)
        engine = database.engine(made.installation.settings(AlertsSettings), idle_seconds=60)
        load = Load(latency, engine)
        await latency.start()
        # the first measurement only warms the service up
        await load.cost(publisher, arguments.few, 200)
        costs = [
            await load.cost(publisher, known, arguments.households)
            for _ in range(ROUNDS)
            for known in (arguments.few, arguments.many)
        ]
        await latency.timed("warm-up", latency.hazard, int(arguments.hazard_rate * 5))
        alone, loaded = await passes(latency, load, publisher, arguments)
        await engine.dispose()
        is_balanced = await balances(latency)
    dearer = ratio(costs)
    slower = loaded.at(0.99) / alone.at(0.99)
    print(
        f"p99 with {arguments.rate:.0f} households a second: {slower:.2f} times the p99 without "
        f"(promised {PROMISED_SLOWER:.1f}); "
        f"a household among {arguments.many}: {dearer:.2f} times one among {arguments.few} "
        f"(promised {PROMISED_DEARER:.1f})"
    )
    return 0 if is_balanced and slower <= PROMISED_SLOWER and dearer <= PROMISED_DEARER else 1


async def passes(
    latency: Latency, load: Load, publisher: Publisher, arguments: argparse.Namespace
) -> tuple[Pass, Pass]:
    alone: list[float] = []
    loaded: list[float] = []
    for _ in range(ROUNDS):
        alone += (await latency.timed("A hazards alone", latency.hazard, arguments.hazards)).milliseconds
        async with load.arriving(publisher, arguments.rate):
            loaded += (await latency.timed("B and households", latency.hazard, arguments.hazards)).milliseconds
    return Pass("A", tuple(alone)), Pass("B", tuple(loaded))


def ratio(costs: Sequence[Cost]) -> float:
    few, many = (sum(cost.alerts + cost.components for cost in costs[start::2]) for start in (0, 1))
    return many / few


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--few", type=int, default=10_000)
    options.add_argument("--many", type=int, default=100_000)
    options.add_argument("--households", type=int, default=2_000)
    options.add_argument("--rate", type=float, default=60.0)
    options.add_argument("--hazards", type=int, default=200)
    options.add_argument("--hazard-rate", type=float, default=5.0)
    arguments = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, arguments))


if __name__ == "__main__":
    raise SystemExit(main())

"""A minimal service for tests of the consumer.

The service reads `hazards`. For each record, the minimal service writes one row and one event.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import lifecycle
from shared.config import Settings
from shared.events import (
    Area,
    HazardCancelled,
    HazardReported,
    HazardUpdated,
    Message,
    Point,
    ReportSettled,
    derived_id,
    event_id,
    message,
)
from shared.events.vocabulary import HazardType, OutcomeKind, ReportKind, Status, SubmissionChannel
from shared.messaging import ledger, outbox
from shared.messaging.consumer import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.ledger import Row
from shared.messaging.publisher import Publisher
from shared.messaging.records import Handler, Outcome, Received
from shared.postgres import database
from tests.installation import Installation
from tests.waiting import last, wait_for

SERVICE = "alerts"
TOPIC = "hazards"
TOPICS = (*HazardReported.topics(), ReportSettled.topic)  # topics that the service reads or writes
AUTHOR = uuid4()
EFFECTS = "CREATE TABLE IF NOT EXISTS effects (event_id uuid NOT NULL, by integer NOT NULL)"


def hazard(hazard_id: UUID | None = None, *, magnitude: float = 5.0, report_id: UUID | None = None) -> HazardReported:
    now = datetime.now(UTC)
    return HazardReported(
        report_id=report_id or uuid4(),
        hazard_id=hazard_id or uuid4(),
        author=AUTHOR,
        channel=SubmissionChannel.API,
        received_at=now,
        source="trial",
        source_id="q1",
        type=HazardType.EARTHQUAKE,
        magnitude=magnitude,
        area=Area(point=Point(lat=39.6, lon=72.2)),
        onset=now,
        reported_at=now,
    )


def event(data: HazardReported) -> Message:
    id = event_id(data.event_type, data.author, data.report_id, data.version)
    return message(data, id=id, source="/intake", time=data.received_at)


async def record(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    await last(float(os.environ.get("TRIAL_SECONDS", "0")))
    connection = await database.driver(session)
    rows = [(one.event.id, os.getpid()) for one in received]
    await connection.copy_records_to_table("effects", records=rows, columns=("event_id", "by"))
    await outbox.add(session, *map(settled, received))
    return [Outcome(OutcomeKind.RECORDED)] * len(received)


def settled(received: Received) -> Message:
    data = ReportSettled(
        report_id=received.event.data.report_id,
        version=1,
        status=Status.ACTUAL,
        kind=ReportKind.HAZARD,
        consumer=SERVICE,
        outcome=OutcomeKind.RECORDED,
    )
    return message(data, id=derived_id("settled", received.event.id), source="/alerts", time=received.event.time)


def handlers(handler: Handler = record) -> Handlers:
    return Handlers(dict.fromkeys((HazardReported, HazardUpdated, HazardCancelled), handler))


class Trial:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.settings = installation.settings(Settings, SERVICE)
        self.engine = database.engine(self.settings)
        self.sessions = database.sessions(self.engine)
        self.publisher = Publisher(installation.settings(Settings, "intake"))

    async def __aenter__(self) -> Self:
        async with self.engine.begin() as connection:
            await connection.execute(text(EFFECTS))
        await self.publisher.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.publisher.__aexit__(None, None, None)
        await self.engine.dispose()

    def consumer(self, handler: Handler | Handlers = record, **options: Any) -> Consumer:
        table = handler if isinstance(handler, Handlers) else handlers(handler)
        return Consumer(SERVICE, table, settings=self.settings, sessions=self.sessions, **options)

    @asynccontextmanager
    async def running(self, *consumers: Consumer) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(consumer.run()) for consumer in consumers]
            yield
            for task in tasks:
                task.cancel()

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            relay = group.create_task(outbox.Relay(self.settings, self.engine).run())
            yield
            relay.cancel()

    async def nothing_to_relay(self) -> bool:
        return not await self.fetch("SELECT 1 FROM outbox LIMIT 1")

    async def publish(self, *messages: Message) -> None:
        await self.publisher.flush()  # `flush` returns when the broker has applied the rights of the new login
        await self.publisher.publish_all(messages, timeout=30)

    async def rows(self) -> list[Row]:
        async with self.sessions.begin() as session:
            rows = await ledger.balance(session)
        return [row for row in await ledger.with_ends(rows, SERVICE, [TOPIC], self.settings) if row.topic == TOPIC]

    async def drained(self, timeout: float = 180) -> Counter[str]:
        """Waits until all records are processed. The ledger must then balance.

        Returns the number of records with each outcome.
        """
        rows = await self.rows()
        while unread := [row for row in rows if row.on_its_way != 0]:
            await self._have_read(unread, timeout)
            rows = await self.rows()
        assert all(row.is_balanced for row in rows), rows
        return sum((Counter(row.kinds) for row in rows), Counter())

    async def _have_read(self, unread: Sequence[Row], timeout: float) -> None:
        """Waits until the consumers have read all records.

        The wait queries only PostgreSQL, because queries of Kafka take much longer.
        """

        async def are_read() -> bool:
            async with self.sessions.begin() as session:
                nexts = {row.partition: row.next for row in await ledger.balance(session) if row.topic == TOPIC}
            return all(nexts.get(row.partition, -1) >= (row.end or 0) for row in unread)

        await wait_for(are_read, timeout, 0.1)

    async def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        async with self.sessions.begin() as session:
            return [tuple(row) for row in await session.execute(text(statement))]

    async def effects(self) -> Counter[UUID]:
        return Counter(id for (id,) in await self.fetch("SELECT event_id FROM effects"))


async def work() -> None:
    settings = Settings().for_service(SERVICE)
    engine = database.engine(settings)
    consumer = Consumer(SERVICE, handlers(), settings=settings, sessions=database.sessions(engine), max_records=20)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run())
            group.create_task(outbox.Relay(settings, engine).run())
    finally:
        await engine.dispose()


if __name__ == "__main__":
    lifecycle.run_worker(work)

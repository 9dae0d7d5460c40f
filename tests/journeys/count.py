"""Every journey ends with the count check. The count check proves that no report was lost or counted twice."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any
from uuid import UUID

import httpx
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.config import IntakeSettings
from services.intake.spool import segments
from shared import events
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events import TOPICS, ReportAlerted
from shared.messaging import kafka, ledger
from shared.messaging.kafka import LogReader
from shared.messaging.ledger import Row
from shared.postgres import database
from tests.clients import PLAIN
from tests.installation import Installation
from tests.waiting import wait_for

ANSWERS = ("accepted", "spooled", "duplicate", "refused")
DOWNSTREAM = ("intake", "registry", "alerts", "console")  # the order in which the services read a report


@dataclass
class Sent:
    """Counts the sent reports and intake's answers. Call `sent.answered(topic, response)` after every request."""

    reports: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    taken: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def answered(self, topic: str, response: httpx.Response) -> httpx.Response:
        """Counts intake's answer to a request that contained one report.

        The only allowed 5xx is 503, which means a full spool.
        """
        assert response.status_code < 500 or response.status_code == httpx.codes.SERVICE_UNAVAILABLE, response.text
        self.reports += 1
        if response.is_success:
            self._take(topic, response.json())
        else:
            self.answers["refused"] += 1
        return response

    def answered_batch(self, topics: Iterable[str], response: httpx.Response) -> httpx.Response:
        """Counts intake's results for a batch. `topics` has the topic of each report in the batch."""
        assert response.status_code == httpx.codes.OK, response.text
        for topic, result in zip(topics, response.json()["results"], strict=True):
            self.reports += 1
            if "status" in result and isinstance(result["status"], str) and result["status"] != "refused":
                self._take(topic, result)
            else:
                self.answers["refused"] += 1
        return response

    def answered_sheet(self, topic: str, response: httpx.Response) -> httpx.Response:
        for row in response.json()["rows"]:
            if row["verdict"] == "sent":
                self.reports += 1
                self._take(topic, {"status": "accepted", **row})
        return response

    def same_as(self, *counters: Mapping[str, int]) -> None:
        """Compares two counts: intake's own counters, one for each process, and the answers that senders received."""
        counted = {kind: sum(counter[kind] for counter in counters) for kind in ("sent", *ANSWERS)}
        assert counted == {"sent": self.reports, **{kind: self.answers[kind] for kind in ANSWERS}}

    def lost(self) -> None:
        """Counts nothing: after a lost answer, the sender repeats the report and gets an answer."""

    def published(self, topic: str, *report_ids: UUID) -> None:
        self.taken[topic].update(report_ids)

    def _take(self, topic: str, result: Mapping[str, Any]) -> None:
        self.answers[result["status"]] += 1
        self.taken[topic].add(UUID(result["report_id"]))


@dataclass
class Standing:
    """The offsets and counts of all services. The services are read in the order in which records pass through them."""

    on_the_way: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    kinds: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, row: Row) -> None:
        name = f"{row.consumer}: {row.topic}/{row.partition}"
        self.kinds[row.consumer, row.topic].update(row.kinds)
        if row.on_its_way != 0:
            self.on_the_way.append(f"{name}: next {row.next}, end {row.end}, stopped {row.stopped}")
        if not row.is_balanced:
            self.unbalanced.append(f"{name}: first {row.first}, next {row.next}, counted {row.kinds}")


async def count_check(installation: Installation, sent: Sent, *, timeout: float = 240) -> Standing:
    """Waits until all records are processed. Then checks that all counts balance.

    Exactly the accepted reports must have outcomes.
    """
    assert sent.reports == sum(sent.answers[each] for each in ANSWERS), sent.answers
    standing = await drained(installation, timeout)
    assert not standing.unbalanced, "\n".join(standing.unbalanced)
    reported = await outcomes(installation)
    for topic in TOPICS.values():
        for consumer in topic.owes_outcome:
            taken, settled = sent.taken[topic.name], reported[consumer, topic.name]
            assert taken == settled, (
                f"{consumer} owes outcomes for {topic.name}: {len(taken - settled)} of {len(taken)} have none "
                f"{sorted(map(str, taken - settled))[:3]}, {len(settled - taken)} were never taken "
                f"{sorted(map(str, settled - taken))[:3]}; {dict(standing.kinds)}"
            )
    return standing


async def intake_counts(installation: Installation, intake_url: str) -> dict[str, int]:
    headers = {"authorization": f"Bearer {installation.token(roles=[Role.OPERATOR])}"}
    async with httpx.AsyncClient(headers=headers, trust_env=False, verify=PLAIN, timeout=30) as client:
        answer = await client.get(f"{intake_url}/v1/ledger")
    return {kind: answer.json()["admission"][kind] for kind in ("sent", *ANSWERS)}


async def drained(installation: Installation, timeout: float = 240) -> Standing:
    """Waits until all records are read.

    Checks the services in the order in which records pass through them. In another order, the check could miss a
    record.
    """
    standing = Standing()

    async def is_drained() -> bool:
        nonlocal standing
        standing = await look(installation, states)
        return not standing.on_the_way

    try:
        async with asyncio.timeout(timeout), looking(installation) as states:
            await wait_for(is_drained, timeout=inf, every=0.1)
            return standing
    except TimeoutError:
        raise AssertionError(f"still on its way after {timeout} s:\n" + "\n".join(standing.on_the_way)) from None


@dataclass(frozen=True)
class ServiceState:
    """A service's database, and the topics that the service reads."""

    service: str
    sessions: async_sessionmaker[AsyncSession]
    log: LogReader | None


@asynccontextmanager
async def looking(installation: Installation) -> AsyncIterator[list[ServiceState]]:
    async with AsyncExitStack() as stack:
        states = []
        for service in DOWNSTREAM:
            settings = installation.settings(Settings, service)
            engine = database.engine(settings)
            stack.push_async_callback(engine.dispose)
            topics = ledger.consumed(service)
            log = await stack.enter_async_context(kafka.log_reader(settings, topics)) if topics else None
            states.append(ServiceState(service, database.sessions(engine), log))
        yield states


async def look(installation: Installation, states: Iterable[ServiceState]) -> Standing:
    standing = Standing()
    spool = installation.settings(IntakeSettings).spool_folder
    standing.on_the_way += [f"spool: {file.name}" for folder in spool.glob("*/") for file in segments(folder)]
    for state in states:
        async with state.sessions() as session:
            known = {(row.topic, row.partition): row for row in await balance(session)}
        for topic_partition, end in (await state.log.ends() if state.log else {}).items():
            row = known.get(topic_partition) or Row(state.service, *topic_partition, kinds={}, first=0, next=0)
            standing.add(replace(row, end=end))
        async with state.sessions() as session:
            waiting = await session.scalar(text("SELECT count(*) FROM outbox"))
        if waiting:
            standing.on_the_way.append(f"{state.service}: {waiting} in the outbox")
    return standing


async def balance(session: AsyncSession) -> list[Row]:
    has_positions = await session.scalar(text("SELECT to_regclass('consumer_offsets') IS NOT NULL"))
    return await ledger.balance(session) if has_positions else []


async def outcomes(installation: Installation) -> dict[tuple[str, str], set[UUID]]:
    """Returns report ids by consumer and topic: the reports for which the consumer has published an outcome."""
    topics = {"hazard": "hazards", "household": "displacements", "group": "displacements"}
    ids: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for record in await everything(installation, "outcomes"):
        data = events.decode("outcomes", record.value, record.headers).data
        if isinstance(data, ReportAlerted):
            continue
        ids[data.consumer, topics[data.kind]].add(data.report_id)
    return ids


async def everything(installation: Installation, topic: str, service: str = "console") -> list[Any]:
    """Reads all present records of a topic with the login of `service`."""
    settings = installation.settings(Settings, service)
    reader = AIOKafkaConsumer(settings.topic_prefix + topic, **kafka.options(settings), auto_offset_reset="earliest")
    records: list[Any] = []
    try:
        await reader.start()
        ends = await reader.end_offsets(list(reader.assignment()))
        await reader.seek_to_beginning()
        while any([await reader.position(partition) < end for partition, end in ends.items()]):
            for some in (await reader.getmany(timeout_ms=200)).values():
                records.extend(some)
    finally:
        await reader.stop()
    return records
